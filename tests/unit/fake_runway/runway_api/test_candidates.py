"""The models that a router may choose: what excludes each, and the bodies that ask them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.shapes import Shapes
from fake_runway.core.routing.choosing import Candidate, Filter
from fake_runway.core.tasks.models import Quota
from fake_runway.runway_api.candidates import candidates, models_of, provider_of
from tests.support.effort import examples
from tests.support.fake.tasks import AUDIO, IMAGE, VIDEO

KNOWN = Shapes.load()


def free(_pool: str, _quota: Quota) -> bool:
    """Let every model have capacity."""
    return True


def found(kind: str, **asked: Any) -> dict[str, Candidate]:
    """Return all candidates for an input by their models."""
    return {each.model: each for each in candidates(kind, asked, shapes=KNOWN, is_free=free)}


def eligible(kind: str, **asked: Any) -> set[str]:
    """Return the models that pass all filters."""
    return {model for model, each in found(kind, **asked).items() if not each.fails}


def images(*roles: str) -> list[dict[str, str]]:
    """Return reference images with these roles."""
    return [{"uri": IMAGE, "role": role} for role in roles]


VIDEOS = st.fixed_dictionaries(
    {},
    optional={
        "promptText": st.sampled_from(["A cat.", "x" * 1_500, "x" * 6_000]),
        "negativePrompt": st.just("A dog."),
        "referenceImages": st.lists(
            st.sampled_from(["first", "last", "reference"]), max_size=4
        ).map(lambda roles: images(*roles)),
        "referenceVideos": st.lists(st.sampled_from(["source", "reference"]), max_size=2).map(
            lambda roles: [{"uri": VIDEO, "role": role} for role in roles]
        ),
        "referenceAudio": st.just([{"uri": AUDIO}]),
        "keyframes": st.just([{"uri": IMAGE, "seconds": 1}]),
        "duration": st.integers(2, 30),
        "aspectRatio": st.sampled_from(["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
        "resolution": st.sampled_from(["480p", "720p", "1080p", "4k"]),
        "audio": st.booleans(),
        "seed": st.just(7),
        "contentModeration": st.just({"publicFigureThreshold": "low"}),
    },
)
IMAGES = st.fixed_dictionaries(
    {"promptText": st.sampled_from(["A cat.", "x" * 2_000])},
    optional={
        "referenceImages": st.integers(0, 16).map(lambda count: [{"uri": IMAGE}] * count),
        "aspectRatio": st.sampled_from(["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4"]),
        "resolution": st.sampled_from(["1k", "2k", "4k"]),
        "outputCount": st.integers(1, 10),
        "seed": st.just(7),
    },
)
SOUNDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["speech", "audio"]), "promptText": st.just("A cat.")},
    optional={
        "voice": st.sampled_from(
            [
                {"type": "preset", "presetId": "Maya"},
                {"type": "reference-audio", "audioUri": AUDIO},
            ]
        ),
        "referenceAudios": st.just([{"uri": AUDIO}]),
        "duration": st.sampled_from([0.5, 5, 30]),
        "loop": st.booleans(),
    },
)


@settings(max_examples=examples(1500), deadline=None)
@given(
    st.tuples(st.just("video"), VIDEOS)
    | st.tuples(st.just("image"), IMAGES)
    | st.tuples(st.just("audio"), SOUNDS)
)
def test_an_eligible_model_takes_its_body(request: tuple[str, dict[str, Any]]) -> None:
    """Whatever is asked, the body of each eligible model is one that its endpoint allows."""
    kind, asked = request
    for each in candidates(kind, asked, shapes=KNOWN, is_free=free):
        if each.fails:
            continue
        body = Shapes.load().for_operation("POST", f"/v1/{each.endpoint}").body
        assert body is not None
        assert body.problems(each.body) == [], each
        assert each.credits >= 0
        assert each.usual_s > 0


def test_the_endpoint_follows_from_the_inputs() -> None:
    """Frames make it image_to_video, a source video_to_video, anything else text_to_video."""
    for endpoint, asked in (
        ("text_to_video", {"promptText": "x"}),
        ("text_to_video", {"promptText": "x", "referenceImages": images("reference")}),
        ("image_to_video", {"promptText": "x", "referenceImages": images("first")}),
        ("video_to_video", {"referenceVideos": [{"uri": VIDEO, "role": "source"}]}),
    ):
        assert {each.endpoint for each in found("video", **asked).values()} == {endpoint}


def test_what_a_model_cannot_do_excludes_it() -> None:
    """Durations, aspects, resolutions, sound, and how many files there are."""
    assert "gen4.5" in eligible("video", promptText="x", duration=10)
    assert "gen4.5" not in eligible("video", promptText="x", duration=11)
    assert eligible("video", promptText="x", duration=30) >= {"seedance2_5"}
    assert "veo3.1" not in eligible("video", promptText="x", aspectRatio="1:1")
    assert "seedance2" in eligible("video", promptText="x", resolution="4k")
    assert "gen4.5" not in eligible("video", promptText="x", resolution="4k")
    with_sound = eligible("video", promptText="x", audio=True)
    assert "gen4.5" not in with_sound
    assert {"veo3.1", "gemini_omni_flash"} <= with_sound
    silent = eligible("video", promptText="x", audio=False)
    assert {"gen4.5", "veo3.1"} <= silent
    assert "gemini_omni_flash" not in silent
    assert "gemini_image3_pro" in eligible("image", promptText="x", outputCount=4)
    assert "gemini_image3_pro" not in eligible("image", promptText="x", outputCount=3)
    assert "gen4_image" not in eligible("image", promptText="x", outputCount=2)


def test_each_reason_is_that_of_its_filter() -> None:
    """Capability, length of the prompt, support of inputs."""
    assert found("video", promptText="x", duration=11)["gen4.5"].fails == {Filter.CAPABILITY}
    assert found("video", promptText="x" * 1_001)["gen4.5"].fails == {Filter.PROMPT_LENGTH}
    with_image = found("video", promptText="x", referenceImages=images("reference"))
    assert with_image["gen4.5"].fails == {Filter.INPUT_SUPPORT}
    assert with_image["seedance2"].fails == frozenset()
    assert found("image", promptText="x")["gen4_image_turbo"].fails == {Filter.INPUT_SUPPORT}
    assert found("image", promptText="x", seed=1)["gpt_image_2"].fails == {Filter.INPUT_SUPPORT}


def test_prompts_are_measured_in_utf_16() -> None:
    """A character outside the basic plane counts twice, as everywhere in the API."""
    assert "gen4.5" in eligible("video", promptText="\N{CAT FACE}" * 500)
    assert "gen4.5" not in eligible("video", promptText="\N{CAT FACE}" * 501)


def test_voices_choose_models() -> None:
    """A preset needs one that has presets, a clip one that clones, none one with a default."""
    preset = {"type": "preset", "presetId": "Maya"}
    clip = {"type": "reference-audio", "audioUri": AUDIO}
    speech = {"type": "speech", "promptText": "x"}
    assert eligible("audio", **speech) == {"seed_audio"}
    assert eligible("audio", **speech, voice=preset) >= {"eleven_v3", "eleven_multilingual_v2"}
    assert eligible("audio", **speech, voice=clip) == {"seed_audio"}
    sounds = eligible("audio", type="audio", promptText="x")
    assert sounds == {"eleven_text_to_sound_v2", "mirelo_sfx_2_0", "seed_audio"}


def test_every_model_has_a_provider() -> None:
    """Including those that the table of prefixes does not know."""
    for kind in ("video", "image", "audio"):
        assert all(provider_of(model) for model in models_of(kind, KNOWN))
    assert (provider_of("gen4.5"), provider_of("gemini_omni_flash")) == ("runway", "google")
    assert provider_of("recraft_v4_1_flash") == "recraft"
