"""The rows of the table of models. `models.py` says what each column means.

Sources: "price page" is Runway's page on prices in public copies of August to October 2026,
"calculator" a public copy of its price calculator, "Python SDK" the texts of `runwayml` 5.24.0,
"skills" the repository runwayml/skills, "observed" balances that people compared before and after.
"""

from collections.abc import Iterable
from typing import Any

from fake_runway.core.tasks.models import Certainty, Model, Models, Quota
from fake_runway.core.tasks.orders import Length, Output, Property
from fake_runway.core.tasks.prices import (
    Flat,
    FormatSurcharge,
    PerCharacters,
    PerFrame,
    PerImage,
    PerInputSecond,
    PerLargeSecond,
    PerReference,
    PerReferenceSecond,
    PerSecond,
    PerSecondIfAsked,
    PerStarted,
    PerUpscaledImage,
    Price,
    Rate,
    always,
    by,
    by_resolution,
    total,
)

HIGH, MEDIUM, LOW, NONE = Certainty

_PAGE = "price page"
_PAGE_AND_SKILLS = "price page, skills"
_PAGE_AND_CALCULATOR = "price page, calculator"
_UNKNOWN = "Python SDK has the model; no price was found"

_IMAGE = ("image_to_video",)
_TEXT = ("text_to_video",)
_VIDEO = ("video_to_video",)
_IMAGE_OR_TEXT = _IMAGE + _TEXT
_ANY = _IMAGE_OR_TEXT + _VIDEO


def _video(
    model: str,
    endpoints: tuple[str, ...],
    price: Price | None,
    certainty: Certainty = HIGH,
    source: str = _PAGE,
    *,
    typical_s: float = 90.0,
    length: Length = Length.ASKED,
    limited_as: str | None = None,
    **defaults: Any,
) -> Model:
    return Model(
        id=model,
        endpoints=endpoints,
        output=Output.VIDEO,
        price=price,
        source=source,
        certainty=certainty,
        quota=Quota.VIDEO,
        typical_s=typical_s,
        defaults={"duration": 5, "ratio": "1280:720"} | defaults,
        length=length,
        limited_as=limited_as,
    )


def _image(
    model: str,
    price: Price | None,
    certainty: Certainty = HIGH,
    source: str = _PAGE,
    *,
    endpoints: tuple[str, ...] = ("text_to_image",),
    typical_s: float = 15.0,
    **defaults: Any,
) -> Model:
    return Model(
        id=model,
        endpoints=endpoints,
        output=Output.IMAGE,
        price=price,
        source=source,
        certainty=certainty,
        quota=Quota.IMAGE,
        typical_s=typical_s,
        defaults={"ratio": "1024:1024"} | defaults,
    )


def _audio(
    model: str,
    endpoint: str,
    price: Price | None,
    certainty: Certainty = HIGH,
    source: str = _PAGE,
    *,
    length: Length = Length.TEXT,
    limited_as: str | None = None,
    typical_s: float = 8.0,
    **defaults: Any,
) -> Model:
    return Model(
        id=model,
        endpoints=(endpoint,),
        output=Output.AUDIO,
        price=price,
        source=source,
        certainty=certainty,
        quota=Quota.AUDIO,
        typical_s=typical_s,
        defaults=defaults,
        length=length,
        limited_as=limited_as,
    )


def _per_second(figure: float) -> PerSecond:
    return PerSecond(always(figure))


def _by_resolution(**table: float) -> PerSecond:
    """Return a price by the resolution, whose names begin with `p`: `p720` is 720p, `k4` 4k."""
    return PerSecond(
        by_resolution({f"{name[1:]}{name[0]}": price for name, price in table.items()})
    )


_GEN4_5 = total(_per_second(12), FormatSurcharge())
_SEEDANCE2 = _by_resolution(p480=36, p720=36, p1080=40, k4=150)
_SEEDANCE2_5 = total(
    _by_resolution(p480=20, p720=30, p1080=68),
    PerReferenceSecond(by_resolution({"480p": 10, "720p": 15, "1080p": 34}), most_s=30),
    minimum=80,
)
_HAILUO = total(
    _by_resolution(p768=10, k2=15),
    PerReference(2, images=True),
    PerReferenceSecond(by_resolution({"768p": 10, "2k": 15}), most_s=15),
)
_GROK = total(
    _by_resolution(p480=10, p720=16, p1080=29),
    PerReference(1, images=True, frames=True, sounds=True),
)
_GEMINI_1_1 = Rate({"360p": 3.4, "720p": 10, "1080p": 15, "4k": 30}, (Property.RESOLUTION,))
_GPT = Rate(
    {
        **{"low/small": 1, "medium/small": 5, "high/small": 20, "auto/small": 20},
        **{"low/large": 2, "medium/large": 11, "high/large": 41, "auto/large": 41},
    },
    (Property.QUALITY, Property.EXTENT),
)
_GPT_2_5 = Rate(
    {
        **{"low/small": 1, "medium/small": 5, "high/small": 16, "xhigh/small": 28, "max/small": 63},
        **{"low/large": 2, "medium/large": 11, "high/large": 19, "xhigh/large": 34},
        "max/large": 76,
    },
    (Property.QUALITY, Property.EXTENT),
)
_GROK_IMAGE = Rate(
    {"low/1k": 4, "low/2k": 6, "medium/1k": 6, "medium/2k": 8}, (Property.QUALITY, Property.SIZE)
)
_SPOKEN = PerCharacters(50)


def _kling() -> Iterable[Model]:
    """Yield the rows of Kling, of which only the names are known."""
    for model, ratio in (
        ("kling2.5_turbo_pro", "1920:1080"),
        ("kling3.0_4k", "3840:2160"),
        ("kling3.0_pro", "1920:1080"),
        ("kling3.0_standard", "1280:720"),
        ("klingO3_4k", "3840:2160"),
        ("klingO3_pro", "1920:1080"),
        ("klingO3_standard", "1280:720"),
        ("kling_4", "auto_720p"),
    ):
        yield _video(model, _IMAGE_OR_TEXT, None, NONE, _UNKNOWN, ratio=ratio)
        if "O3" in model or model == "kling_4":
            yield _video(model, _VIDEO, None, NONE, _UNKNOWN, ratio=ratio, length=Length.INPUT)


MODELS = Models(
    (
        # videos
        _video("gen4.5", _IMAGE_OR_TEXT, _GEN4_5, source="price page, calculator, skills"),
        _video("gen4_turbo", _IMAGE, _per_second(5), source=_PAGE_AND_SKILLS, typical_s=30.0),
        _video(
            "veo3.1",
            _IMAGE_OR_TEXT,
            PerSecond(by(Property.AUDIO, audio=40, silent=20)),
            duration=8,
        ),
        _video(
            "veo3.1_fast",
            _IMAGE_OR_TEXT,
            PerSecond(by(Property.AUDIO, audio=15, silent=10)),
            source="price page; 90 to 180 s observed",
            typical_s=135.0,
            duration=8,
        ),
        _video("seedance2", _ANY, _SEEDANCE2),
        _video("seedance2_fast", _ANY, _per_second(29)),
        _video("seedance2_mini", _ANY, total(_per_second(16), minimum=64)),
        _video("seedance2_5", _ANY, _SEEDANCE2_5),
        _video("hailuo3", _ANY, _HAILUO, resolution="768p", ratio="16:9"),
        _video(
            "h3_max",
            _IMAGE_OR_TEXT,
            _by_resolution(p480=5, p768=8),
            MEDIUM,
            _PAGE_AND_CALCULATOR,
            resolution="768p",
            ratio="16:9",
        ),
        _video(
            "happyhorse_1_0", _IMAGE_OR_TEXT, _by_resolution(p720=15, p1080=30), ratio="1280:720"
        ),
        _video("gemini_omni_flash", _TEXT, _per_second(10)),
        _video("gemini_omni_flash", _IMAGE, total(_per_second(10), PerReference(1, frames=True))),
        _video(
            "gemini_omni_flash",
            _VIDEO,
            total(PerInputSecond(always(11), most_s=10), PerReference(1, images=True)),
            length=Length.INPUT,
        ),
        _video(
            "gemini_omni_flash_1.1",
            _ANY,
            PerSecond(_GEMINI_1_1),
            LOW,
            "price page has the range, 3.4 to 30; the steps between are assumed",
        ),
        _video(
            "grok_imagine_1_5",
            _IMAGE_OR_TEXT,
            _GROK,
            source="price page; observed",
            resolution="720p",
            ratio="16:9",
        ),
        _video("grok_imagine_1_5_lite", _IMAGE_OR_TEXT, None, NONE, _UNKNOWN, ratio="1280:720"),
        _video("wan3", _IMAGE_OR_TEXT, _by_resolution(p480=5, p720=10, p1080=20), MEDIUM),
        _video("wan3_prime", _IMAGE_OR_TEXT, _by_resolution(p480=6.8, p720=14, p1080=28), MEDIUM),
        *_kling(),
        _video(
            "aleph2",
            _VIDEO,
            total(total(_per_second(28), minimum=56), FormatSurcharge()),
            length=Length.INPUT,
        ),
        _video(
            "act_two",
            ("character_performance",),
            PerSecond(always(5), least_s=3),
            source="price page; the minimum in one copy",
            length=Length.INPUT,
        ),
        _video(
            "magnific_video_upscaler_creative",
            ("video_upscale",),
            total(
                PerFrame(by_resolution({"720p": 0.7, "1k": 0.7, "2k": 0.9, "4k": 1.2})),
                minimum=1,
            ),
            length=Length.INPUT,
            resolution="2k",
            ratio="",
        ),
        _video(
            "enhance_frame_rate",
            ("video_upscale",),
            Flat(11),
            LOW,
            "one clip of unknown length cost 11 and took 140 s",
            typical_s=140.0,
            length=Length.INPUT,
            ratio="",
        ),
        _video(
            "ruby",
            ("video_to_hdr",),
            PerLargeSecond(20, 40),
            MEDIUM,
            "calculator",
            length=Length.INPUT,
            outputFormat="hdr10",
            ratio="",
        ),
        # images
        _image(
            "gen4_image",
            PerImage(Rate({"720p": 5, "1080p": 8}, (Property.HEIGHT,))),
            source=_PAGE_AND_SKILLS,
        ),
        _image("gen4_image_turbo", PerImage(always(2)), source=_PAGE_AND_SKILLS),
        _image("gemini_2.5_flash", PerImage(always(5)), source=_PAGE_AND_SKILLS),
        _image(
            "gemini_image3_pro", PerImage(Rate({"1k": 20, "2k": 20, "4k": 40}, (Property.SIZE,)))
        ),
        _image(
            "gemini_image3.1_flash",
            PerImage(Rate({"1k": 7, "2k": 11, "4k": 16}, (Property.SIZE,))),
            MEDIUM,
        ),
        _image("gemini_image3.1_flash_lite", None, NONE, _UNKNOWN),
        _image("nano_banana_2.1", None, NONE, _UNKNOWN),
        _image("gpt_image_2", PerImage(_GPT), source=_PAGE_AND_CALCULATOR, quality="high"),
        _image(
            "gpt_image_2_5_flare",
            PerImage(_GPT_2_5, reference=1),
            MEDIUM,
            "calculator",
            quality="high",
        ),
        _image(
            "gpt_image_2_5_sunburst",
            PerImage(_GPT_2_5, reference=1),
            MEDIUM,
            "calculator",
            quality="high",
        ),
        _image(
            "grok_imagine_image_2",
            total(PerImage(_GROK_IMAGE), PerReference(1, images=True)),
            source=_PAGE_AND_CALCULATOR,
            quality="medium",
        ),
        _image(
            "seedream5_pro",
            PerImage(Rate({"1k": 5, "2k": 9}, (Property.SIZE,))),
            source=_PAGE_AND_CALCULATOR,
        ),
        _image("seedream5_lite", PerImage(always(4)), source=_PAGE_AND_CALCULATOR),
        _image("seedream5_flash", None, NONE, _UNKNOWN),
        _image("muse_image", PerImage(always(1)), MEDIUM, "calculator, Python SDK"),
        _image(
            "ideogram_4_0",
            PerImage(by(Property.QUALITY, low=4, medium=7, high=11)),
            MEDIUM,
            "Python SDK; the default quality is assumed",
            quality="medium",
        ),
        _image(
            "ideogram_4_5",
            PerImage(
                by(Property.EFFORT, very_low=1, low=4, medium=8, references=8, high=25, alone=25)
            ),
            MEDIUM,
            "Python SDK",
        ),
        _image("bria_fibo_1_5", None, NONE, _UNKNOWN),
        _image("bria_fibo_edit_1_5", None, NONE, _UNKNOWN),
        _image("recraft_v4_1_flash", None, NONE, _UNKNOWN, outputFormat="webp"),
        _image("recraft_v4_1_vector", None, NONE, _UNKNOWN, outputFormat="svg"),
        _image(
            "magnific_precision_upscaler_v2",
            PerUpscaledImage(25, 150),
            endpoints=("image_upscale",),
            typical_s=30.0,
            ratio="",
        ),
        # sounds
        _audio("eleven_multilingual_v2", "text_to_speech", _SPOKEN, source=_PAGE_AND_SKILLS),
        _audio("eleven_v3", "text_to_speech", _SPOKEN, source=_PAGE_AND_SKILLS),
        _audio(
            "eleven_v4",
            "text_to_speech",
            _SPOKEN,
            LOW,
            "as eleven_v3, assumed; a promotion of 2.2 for 1,000 characters was quoted once",
            limited_as="eleven_v3",
        ),
        _audio("seed_audio", "text_to_speech", total(_per_second(0.25), minimum=5)),
        _audio("seed_audio", "sound_effect", total(_per_second(0.25), minimum=5)),
        _audio(
            "eleven_text_to_sound_v2",
            "sound_effect",
            PerSecondIfAsked(always(1), otherwise=2),
            length=Length.ASKED,
            duration=5,
        ),
        _audio("mirelo_sfx_2_0", "sound_effect", None, NONE, _UNKNOWN, length=Length.ASKED),
        _audio("mirelo_sfx_2_0", "video_to_audio", None, NONE, _UNKNOWN, length=Length.INPUT),
        _audio(
            "eleven_voice_isolation",
            "voice_isolation",
            PerStarted(6),
            source=_PAGE_AND_SKILLS,
            length=Length.INPUT,
        ),
        _audio(
            "eleven_voice_dubbing",
            "voice_dubbing",
            PerStarted(2),
            source=_PAGE_AND_SKILLS,
            length=Length.INPUT,
            typical_s=30.0,
        ),
        _audio(
            "eleven_multilingual_sts_v2",
            "speech_to_speech",
            PerStarted(3),
            source=_PAGE_AND_SKILLS,
            length=Length.INPUT,
        ),
        # avatars
        Model(
            id="gwm1_avatars",
            endpoints=("avatar_videos",),
            output=Output.VIDEO,
            price=total(Flat(2), PerStarted(6, always(2))),
            source="as realtime sessions; several clients assume it",
            certainty=LOW,
            quota=Quota.AVATAR,
            typical_s=60.0,
            defaults={"ratio": "1280:720"},
            length=Length.TEXT,
        ),
        # recipes
        _video(
            "product_ad",
            ("recipes/product_ad",),
            total(Flat(56), _by_resolution(p720=36, p1080=40)),
            duration=10,
            audio=False,
        ),
        _video(
            "product_swap",
            ("recipes/product_swap",),
            total(Flat(68), _by_resolution(p720=36, p1080=40)),
            duration=10,
            resolution="720p",
        ),
        _video(
            "product_ugc",
            ("recipes/product_ugc",),
            total(Flat(48), _by_resolution(p720=36, p1080=40)),
            duration=15,
            ratio="720:1280",
        ),
        _video(
            "multi_shot_video",
            ("recipes/multi_shot_video",),
            _by_resolution(p720=13, p1080=17),
            duration=10,
        ),
        _image("ad_localization", Flat(21), endpoints=("recipes/ad_localization",), typical_s=30.0),
        _image(
            "marketing_stock_image",
            total(Flat(8), PerImage(by(Property.QUALITY, low=1, medium=5, high=20))),
            endpoints=("recipes/marketing_stock_image",),
            outputCount=4,
            quality="high",
        ),
        _image(
            "product_campaign_image",
            PerImage(always(36)),
            endpoints=("recipes/product_campaign_image",),
            outputCount=4,
        ),
    )
)
"""The rows that the fake knows."""
