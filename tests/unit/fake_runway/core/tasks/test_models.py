"""What models cost: figures of the price page, and what holds for every model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.shapes import Shapes
from fake_runway.core.tasks.models import (
    MONTHLY_CREDITS,
    TIERS,
    Certainty,
    Quota,
    cost,
    estimate,
    substitute,
    usage_id,
)
from fake_runway.core.tasks.orders import InputMedia, Output
from fake_runway.core.tasks.table import MODELS

Body = Mapping[str, Any]
IMAGES = [{"uri": "https://example.com/1.png"}]
SPEECH = {"type": "text", "text": "a" * 150}
CALLS = sorted(MODELS.pairs())
MODEL_IDS = {model.id for model in MODELS}

# endpoint, body without what does not matter, what is known of the inputs, credits
FIGURES: list[tuple[str, Body, InputMedia, float]] = [
    ("text_to_video", {"model": "gen4.5", "duration": 5}, InputMedia(), 60),
    (
        "text_to_video",
        {"model": "gen4.5", "duration": 5, "outputFormat": "prores"},
        InputMedia(),
        85,
    ),
    ("text_to_video", {"model": "gen4.5", "duration": 2, "outputFormat": "hlg"}, InputMedia(), 64),
    ("image_to_video", {"model": "gen4_turbo", "duration": 10}, InputMedia(), 50),
    ("character_performance", {"model": "act_two"}, InputMedia(seconds=2), 15),
    ("character_performance", {"model": "act_two"}, InputMedia(seconds=10), 50),
    ("video_to_video", {"model": "aleph2"}, InputMedia(seconds=1), 56),
    ("video_to_video", {"model": "aleph2"}, InputMedia(seconds=10), 280),
    ("text_to_video", {"model": "veo3.1", "duration": 4}, InputMedia(), 160),
    ("text_to_video", {"model": "veo3.1", "duration": 4, "audio": False}, InputMedia(), 80),
    ("text_to_video", {"model": "veo3.1_fast", "duration": 8}, InputMedia(), 120),
    ("text_to_video", {"model": "veo3.1_fast", "duration": 8, "audio": False}, InputMedia(), 80),
    ("text_to_video", {"model": "seedance2", "duration": 5, "ratio": "864:496"}, InputMedia(), 180),
    (
        "text_to_video",
        {"model": "seedance2", "duration": 5, "ratio": "1470:630"},
        InputMedia(),
        180,
    ),
    (
        "text_to_video",
        {"model": "seedance2", "duration": 5, "ratio": "2206:946"},
        InputMedia(),
        200,
    ),
    (
        "text_to_video",
        {"model": "seedance2", "duration": 5, "ratio": "3840:1646"},
        InputMedia(),
        750,
    ),
    ("text_to_video", {"model": "seedance2_fast", "duration": 5}, InputMedia(), 145),
    ("text_to_video", {"model": "seedance2_mini", "duration": 1}, InputMedia(), 64),
    ("text_to_video", {"model": "seedance2_mini", "duration": 5}, InputMedia(), 80),
    (
        "text_to_video",
        {"model": "seedance2_5", "duration": 10, "ratio": "854:480"},
        InputMedia(),
        200,
    ),
    (
        "text_to_video",
        {"model": "seedance2_5", "duration": 1, "ratio": "854:480"},
        InputMedia(),
        80,
    ),
    (
        "video_to_video",
        {"model": "seedance2_5", "duration": 10, "ratio": "1280:720", "promptVideo": "https://a"},
        InputMedia(seconds=4),
        360,
    ),
    (
        "video_to_video",
        {"model": "seedance2_5", "duration": 10, "ratio": "1080:1920", "promptVideo": "https://a"},
        InputMedia(references_s=40),
        680 + 34 * 30,
    ),
    (
        "text_to_video",
        {"model": "hailuo3", "duration": 5, "resolution": "2K", "references": IMAGES * 3},
        InputMedia(),
        81,
    ),
    ("text_to_video", {"model": "hailuo3", "duration": 5, "resolution": "768P"}, InputMedia(), 50),
    ("text_to_video", {"model": "h3_max", "duration": 5, "resolution": "480p"}, InputMedia(), 25),
    (
        "image_to_video",
        {"model": "happyhorse_1_0", "duration": 4, "resolution": "1080P"},
        InputMedia(),
        120,
    ),
    ("text_to_video", {"model": "gemini_omni_flash", "duration": 5}, InputMedia(), 50),
    (
        "image_to_video",
        {"model": "gemini_omni_flash", "duration": 5, "promptImage": "https://a"},
        InputMedia(),
        51,
    ),
    (
        "video_to_video",
        {"model": "gemini_omni_flash", "references": IMAGES * 2},
        InputMedia(seconds=12),
        112,
    ),
    (
        "image_to_video",
        {
            "model": "grok_imagine_1_5",
            "duration": 1,
            "resolution": "480p",
            "promptImage": [{"uri": "https://a", "position": "first"}],
        },
        InputMedia(),
        11,
    ),
    (
        "text_to_video",
        {"model": "wan3_prime", "duration": 5, "ratio": "auto_480p"},
        InputMedia(),
        34,
    ),
    ("image_to_video", {"model": "wan3", "duration": 5, "ratio": "1648:1248"}, InputMedia(), 100),
    ("video_to_hdr", {"model": "ruby"}, InputMedia(seconds=5), 100),
    ("video_to_hdr", {"model": "ruby"}, InputMedia(seconds=5, width=3840, height=2160), 200),
    ("video_upscale", {"model": "enhance_frame_rate"}, InputMedia(), 11),
    (
        "video_upscale",
        {"model": "magnific_video_upscaler_creative"},
        InputMedia(seconds=10, frames_per_s=30),
        270,
    ),
    (
        "video_upscale",
        {"model": "magnific_video_upscaler_creative", "resolution": "4k"},
        InputMedia(seconds=1, frames_per_s=25),
        30,
    ),
    ("image_upscale", {"model": "magnific_precision_upscaler_v2"}, InputMedia(), 25),
    (
        "image_upscale",
        {"model": "magnific_precision_upscaler_v2", "scaleFactor": 4},
        InputMedia(),
        150,
    ),
    ("text_to_image", {"model": "gen4_image", "ratio": "1680:720"}, InputMedia(), 5),
    ("text_to_image", {"model": "gen4_image", "ratio": "1920:1080"}, InputMedia(), 8),
    ("text_to_image", {"model": "gen4_image_turbo", "ratio": "1920:1080"}, InputMedia(), 2),
    ("text_to_image", {"model": "gemini_2.5_flash", "ratio": "1344:768"}, InputMedia(), 5),
    ("text_to_image", {"model": "gemini_image3_pro", "ratio": "2048:2048"}, InputMedia(), 20),
    ("text_to_image", {"model": "gemini_image3_pro", "ratio": "6336:2688"}, InputMedia(), 40),
    (
        "text_to_image",
        {"model": "gemini_image3.1_flash", "ratio": "3168:1344", "outputCount": 4},
        InputMedia(),
        44,
    ),
    ("text_to_image", {"model": "gpt_image_2", "ratio": "2560:2560"}, InputMedia(), 20),
    ("text_to_image", {"model": "gpt_image_2", "ratio": "2880:2880"}, InputMedia(), 41),
    (
        "text_to_image",
        {"model": "gpt_image_2", "ratio": "auto", "quality": "low", "outputCount": 3},
        InputMedia(),
        6,
    ),
    (
        "text_to_image",
        {
            "model": "gpt_image_2_5_flare",
            "ratio": "3840:1648",
            "quality": "max",
            "outputCount": 2,
            "referenceImages": IMAGES * 3,
        },
        InputMedia(),
        2 * (76 + 3),
    ),
    (
        "text_to_image",
        {
            "model": "grok_imagine_image_2",
            "ratio": "auto_2k",
            "outputCount": 2,
            "referenceImages": IMAGES,
        },
        InputMedia(),
        17,
    ),
    ("text_to_image", {"model": "seedream5_pro", "ratio": "1296:864"}, InputMedia(), 5),
    ("text_to_image", {"model": "seedream5_pro", "ratio": "2048:2048"}, InputMedia(), 9),
    ("text_to_image", {"model": "seedream5_lite", "ratio": "2048:2048"}, InputMedia(), 4),
    ("text_to_image", {"model": "muse_image", "ratio": "auto", "outputCount": 2}, InputMedia(), 2),
    ("text_to_image", {"model": "ideogram_4_0", "quality": "low"}, InputMedia(), 4),
    ("text_to_image", {"model": "ideogram_4_5"}, InputMedia(), 25),
    ("text_to_image", {"model": "ideogram_4_5", "referenceImages": IMAGES}, InputMedia(), 8),
    ("text_to_speech", {"model": "eleven_v3", "promptText": "a"}, InputMedia(), 1),
    ("text_to_speech", {"model": "eleven_v3", "promptText": "a" * 101}, InputMedia(), 3),
    ("text_to_speech", {"model": "eleven_v3", "promptText": "\U0001f600" * 26}, InputMedia(), 2),
    ("text_to_speech", {"model": "seed_audio", "promptText": "a"}, InputMedia(), 5),
    ("text_to_speech", {"model": "seed_audio", "promptText": "a" * 600}, InputMedia(), 10),
    ("sound_effect", {"model": "eleven_text_to_sound_v2"}, InputMedia(), 2),
    ("sound_effect", {"model": "eleven_text_to_sound_v2", "duration": 2.5}, InputMedia(), 2.5),
    ("voice_isolation", {"model": "eleven_voice_isolation"}, InputMedia(seconds=6.5), 2),
    ("voice_dubbing", {"model": "eleven_voice_dubbing"}, InputMedia(seconds=10), 5),
    ("speech_to_speech", {"model": "eleven_multilingual_sts_v2"}, InputMedia(seconds=10), 4),
    ("avatar_videos", {"model": "gwm1_avatars", "speech": SPEECH}, InputMedia(), 6),
    ("recipes/product_ad", {"duration": 4}, InputMedia(), 200),
    ("recipes/product_ad", {"duration": 5, "ratio": "1440:1440"}, InputMedia(), 256),
    ("recipes/product_swap", {"duration": 4}, InputMedia(), 212),
    ("recipes/product_swap", {"duration": 4, "resolution": "1080p"}, InputMedia(), 228),
    ("recipes/product_ugc", {"duration": 4}, InputMedia(), 192),
    ("recipes/product_ugc", {"duration": 4, "ratio": "1080:1920"}, InputMedia(), 208),
    ("recipes/multi_shot_video", {"duration": 10}, InputMedia(), 130),
    (
        "recipes/multi_shot_video",
        {"shots": [{"duration": 2}, {"duration": 3}], "ratio": "1920:1080"},
        InputMedia(),
        85,
    ),
    ("recipes/ad_localization", {}, InputMedia(), 21),
    ("recipes/marketing_stock_image", {}, InputMedia(), 88),
    ("recipes/marketing_stock_image", {"outputCount": 1, "quality": "low"}, InputMedia(), 9),
    ("recipes/product_campaign_image", {}, InputMedia(), 144),
]


@pytest.mark.parametrize(("endpoint", "body", "media", "credits"), FIGURES)
def test_a_call_costs_what_the_price_page_says(
    endpoint: str, body: Body, media: InputMedia, credits: float
) -> None:
    """The figures of the price page come out."""
    model = MODELS.find(endpoint, body)

    assert model is not None
    assert estimate(model, body, media) == credits


def test_every_known_price_has_a_figure() -> None:
    """No priced model is left out of the figures, but those that repeat another's rule."""
    tested = {body.get("model", endpoint.split("/")[-1]) for endpoint, body, _, _ in FIGURES}
    rules = {each.id: each.price.words() for each in MODELS if each.price}
    elsewhere = {rules[model] for model in tested if model in rules}

    assert [model for model, rule in rules.items() if rule not in elsewhere] == [
        "gemini_omni_flash_1.1"  # of which the page has the range only
    ]


ODD: list[Any] = [
    None,
    True,
    7,
    -3,
    2.5,
    "auto",
    "",
    [],
    [{}],
    ["a", "b"],
    [7, {"duration": 2}],
    {"text": "a"},
]
JSON_VALUES = st.sampled_from(ODD)
FIELDS = {
    "duration": JSON_VALUES,
    "ratio": st.sampled_from(["16:9", "auto", "auto_1080p", "3840:2160", "1:x", "0:0", ""]),
    "resolution": st.sampled_from(["2K", "720p", "9000p"]),
    "quality": st.text(max_size=5),
    "outputFormat": st.sampled_from(["prores", "hdr_exr_sequence", "webp"]),
    "promptText": st.text(max_size=120),
    **dict.fromkeys(
        ("audio", "references", "referenceImages", "referenceVideos", "promptImage"), JSON_VALUES
    ),
    **dict.fromkeys(("outputCount", "shots", "speech", "scaleFactor"), JSON_VALUES),
}


@given(st.sampled_from(CALLS), st.fixed_dictionaries({}, optional=FIELDS))
def test_every_body_has_a_price_and_an_output(call: tuple[str, str], fields: Body) -> None:
    """Also fields of forms that only a newer API has are priced, and give a file of some size."""
    endpoint, name = call
    body = {"model": name, **fields}
    model = MODELS.find(endpoint, body)
    assert model is not None

    order = model.order(body)

    assert 0 <= estimate(model, body) < 10**9
    assert order.seconds >= 0
    assert order.count >= 1
    assert min(order.pixels) > 0
    assert order.extension


@given(st.integers(0, 10**9))
def test_what_is_charged_is_the_estimate_rounded_up(ten_thousandths: int) -> None:
    """A charge is whole, and less than one credit above the estimate."""
    estimated = ten_thousandths / 10_000

    assert 0 <= cost(estimated) - estimated < 1


@pytest.mark.parametrize(
    ("endpoint", "body", "output", "extension"),
    [
        ("text_to_video", {"model": "gen4.5"}, Output.VIDEO, "mp4"),
        ("text_to_video", {"model": "gen4.5", "outputFormat": "hdr10"}, Output.VIDEO, "mp4"),
        ("text_to_video", {"model": "gen4.5", "outputFormat": "prores"}, Output.VIDEO, "mov"),
        ("text_to_video", {"model": "gen4.5", "outputFormat": "png_sequence"}, Output.ZIP, "zip"),
        (
            "video_to_hdr",
            {"model": "ruby", "outputFormat": "hdr_exr_acescg_sequence_1_3"},
            Output.ZIP,
            "zip",
        ),
        ("text_to_image", {"model": "gen4_image"}, Output.IMAGE, "png"),
        ("text_to_image", {"model": "muse_image", "outputFormat": "jpeg"}, Output.IMAGE, "jpeg"),
        ("text_to_image", {"model": "recraft_v4_1_flash"}, Output.IMAGE, "webp"),
        ("text_to_speech", {"model": "eleven_v3"}, Output.AUDIO, "mp3"),
        ("sound_effect", {"model": "seed_audio", "outputFormat": "ogg_opus"}, Output.AUDIO, "ogg"),
        ("video_to_audio", {"model": "mirelo_sfx_2_0", "format": "wav"}, Output.AUDIO, "wav"),
    ],
)
def test_a_format_decides_the_kind_of_file(
    endpoint: str, body: Body, output: Output, extension: str
) -> None:
    """A sequence of frames is a ZIP; other formats stay of the model's kind."""
    model = MODELS.find(endpoint, body)
    assert model is not None

    order = model.order(body)

    assert (order.output, order.extension) == (output, extension)


@pytest.mark.parametrize(
    ("body", "pixels"),
    [
        ({"ratio": "1584:672"}, (1584, 672)),
        ({"ratio": "auto_2k"}, (2048, 2048)),
        ({"ratio": "auto_1080p"}, (1920, 1080)),
        ({"ratio": "16:9", "resolution": "768P"}, (1366, 768)),
        ({"ratio": "9:16", "resolution": "2k"}, (1440, 2560)),
        ({"ratio": "adaptive", "resolution": "480p"}, (854, 480)),
        ({"resolution": "4k"}, (3840, 2160)),
        ({"targetAspectRatio": "1:1"}, (720, 720)),
        ({}, (1280, 720)),
    ],
)
def test_pixels_come_from_ratio_and_resolution(body: Body, pixels: tuple[int, int]) -> None:
    """A ratio in pixels is the size; any other is fitted to the resolution, or to the input."""
    model = MODELS.find("video_upscale", {"model": "enhance_frame_rate"})  # has no ratio of its own
    assert model is not None

    assert model.order(body).pixels == pixels


def test_an_unknown_price_is_the_default() -> None:
    """A model without a price costs what the server is told, whatever the body asks for."""
    unpriced = [each for each in MODELS if each.price is None]

    assert {estimate(each, {"duration": 9}, default=7.5) for each in unpriced} == {7.5}
    assert {each.certainty for each in unpriced} == {Certainty.NONE}
    assert Certainty.NONE not in {each.certainty for each in MODELS if each.price}


@pytest.mark.parametrize(
    ("endpoint", "output"),
    [
        ("text_to_video", Output.VIDEO),
        ("video_upscale", Output.VIDEO),
        ("image_to_video", Output.VIDEO),
        ("text_to_image", Output.IMAGE),
        ("image_upscale", Output.IMAGE),
        ("recipes/stock_image", Output.IMAGE),
        ("video_to_audio", Output.AUDIO),
        ("sound_effect", Output.AUDIO),
        ("voice_isolation", Output.AUDIO),
        ("text_to_speech", Output.AUDIO),
        ("something_new", Output.VIDEO),
    ],
)
def test_a_new_model_has_a_substitute(endpoint: str, output: Output) -> None:
    """A model that only a newer API has makes what its endpoint is called after."""
    model = substitute(endpoint, {"model": "next"})

    assert (model.output, model.price) == (output, None)
    assert estimate(model, {"model": "next"}, default=3) == 3
    assert MODELS.find(endpoint, {"model": "next"}) is None


def test_each_known_endpoint_has_substitutes_of_its_kind() -> None:
    """What is guessed from the endpoint is right for all that are known."""
    guessed = {
        (endpoint, model.id): substitute(endpoint, {"model": model.id}).output
        for model in MODELS
        for endpoint in model.endpoints
        if endpoint.count("_to_") or not endpoint.startswith(("recipes/", "character"))
    }
    known = {(each, model.id): model.output for model in MODELS for each in model.endpoints}

    assert guessed.items() <= known.items()


def test_every_model_of_the_contract_has_a_row() -> None:
    """The table and the document of shapes know the same models of the same endpoints."""
    known = {
        (endpoint, model if model in MODEL_IDS else endpoint.rpartition("/")[2])
        for shapes in Shapes.load()
        if shapes.creates_task or shapes.operation.id == "createAvatarVideo"
        if (endpoint := shapes.operation.template.removeprefix("/v1/")).partition("/")[0]
        != "generate"
        for model in shapes.alternatives
    }

    assert MODELS.pairs() - {("avatar_videos", "gwm1_avatars")} == known - {
        ("avatar_videos", "avatar_videos")
    }


def test_higher_tiers_may_do_more() -> None:
    """Five tiers for each quota, each with more than the one before."""
    assert set(TIERS) == set(Quota)
    for limits in TIERS.values():
        assert len(limits) == len(MONTHLY_CREDITS) == 5
        assert [each.concurrent for each in limits] == sorted({each.concurrent for each in limits})
        assert [each.daily for each in limits] == sorted({each.daily for each in limits})


def test_every_call_has_one_row() -> None:
    """No endpoint has a model twice, and who shares limits shares them with a row."""
    calls = [(each, model.id) for model in MODELS for each in model.endpoints]

    assert len(calls) == len(MODELS.pairs())
    assert {model.limited_as for model in MODELS} - {None} <= {model.id for model in MODELS}
    assert {model.limits(1).concurrent for model in MODELS} == {1, 2}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"speech": SPEECH}, "gwm1_avatar_async_text_to_video"),
        ({"speech": {"type": "audio"}}, "gwm1_avatar_async_audio_to_video"),
    ],
)
def test_avatar_videos_are_listed_by_their_speech(body: Body, name: str) -> None:
    """The organization's usage tells spoken texts from recordings."""
    model = MODELS.find("avatar_videos", {"model": "gwm1_avatars"})
    assert model is not None

    assert usage_id(model, body) == name
    assert {usage_id(each, {}) for each in MODELS if each is not model} == {
        each.id for each in MODELS if each is not model
    }
