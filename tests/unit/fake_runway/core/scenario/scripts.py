"""Scripts and setups of calls to try."""

from hypothesis import strategies as st

from fake_runway.core.durations import LONGEST_S
from fake_runway.core.scenario.script import REASONS
from fake_runway.core.sessions.script import (
    AvatarAppears,
    CallSetup,
    CallTool,
    DataDelivery,
    DropSocket,
    EndCall,
    FreezeVideo,
    Leave,
    MuteAudio,
    Say,
    SendClientEvent,
    SendData,
    StaySilent,
    Step,
    TranscriptForm,
    Wait,
    WaitForSpeech,
)
from tests.unit.fake_runway.core.allowed import any_json

_spans_s = st.floats(0, LONGEST_S)
_texts = st.text(min_size=1, max_size=12)
_tools = st.sampled_from(["show_price", "look_up", "_"])
_args = st.dictionaries(st.text(max_size=5), any_json, max_size=2)


def _steps(after: st.SearchStrategy[tuple[Step, ...]]) -> st.SearchStrategy[Step]:
    return st.one_of(
        st.builds(Say, _texts, st.floats(0, 100, exclude_min=True)),
        st.builds(SendClientEvent, _tools, _args),
        st.builds(
            CallTool,
            _tools,
            _args,
            st.none() | _spans_s,
            answered=after,
            failed=after,
            timed_out=after,
        ),
        st.builds(Wait, _spans_s),
        st.builds(StaySilent, _spans_s),
        st.builds(WaitForSpeech, st.none() | _spans_s),
        st.builds(Leave, st.sampled_from(REASONS)),
        st.builds(EndCall),
        st.builds(FreezeVideo, on=st.booleans()),
        st.builds(MuteAudio, on=st.booleans()),
        st.builds(DropSocket),
        st.builds(SendData, st.text(max_size=12), st.integers(1, 1_000)),
    )


_no_steps: st.SearchStrategy[tuple[Step, ...]] = st.just(())
scripts = st.lists(_steps(st.lists(_steps(_no_steps), max_size=2).map(tuple)), max_size=3).map(
    tuple
)
setups = st.builds(
    CallSetup,
    refuses_join=st.booleans(),
    avatar=st.sampled_from(AvatarAppears),
    avatar_after_s=_spans_s,
    transcript=st.sampled_from(TranscriptForm),
    data=st.sampled_from(DataDelivery),
)
