"""Who answers: models by their names, what is wrong with those, and the script."""

import socket
import sys
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart

from examples.coding_agent import settings
from examples.coding_agent.__main__ import main
from examples.coding_agent.acts import HELP, Call, Say, Scene, next_stage
from examples.coding_agent.agent import removes
from examples.coding_agent.chats import explained
from examples.coding_agent.models import ModelUnusableError, choose_code, choose_talk
from examples.coding_agent.scripted import scene_of
from examples.coding_agent.titles import tidied


def test_without_a_name_the_script_answers_and_says_so() -> None:
    choice = choose_code({})
    assert choice.scripted
    assert choice.label == "a script, not a language model"
    assert not choose_talk({}).scripted


def test_a_key_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelUnusableError) as caught:
        choose_code({"CODING_AGENT_MODEL": "openai:gpt-5"})
    assert "'openai:gpt-5', from CODING_AGENT_MODEL" in str(caught.value)
    assert "OPENAI_API_KEY" in str(caught.value)


@pytest.mark.parametrize("name", ["nonsense", "nobody:nothing"])
def test_a_model_that_nobody_knows(name: str) -> None:
    with pytest.raises(ModelUnusableError, match=f"{name}.*cannot be used. Unknown model"):
        choose_talk({"CODING_AGENT_TALK_MODEL": name})


def test_a_model_that_is_too_small_for_tools() -> None:
    with pytest.raises(ModelUnusableError, match="too small"):
        choose_code({"CODING_AGENT_MODEL": "small"})


def test_a_model_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    choice = choose_code({"CODING_AGENT_MODEL": "openai:gpt-5"})
    assert (choice.name, choice.scripted, choice.model.model_name) == (
        "openai:gpt-5",
        False,
        "gpt-5",
    )


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (
            {"CODING_AGENT_MODEL": "nobody:nothing"},
            "the model 'nobody:nothing', from CODING_AGENT_MODEL, cannot be used",
        ),
        ({"CODING_AGENT_PACE": "fast"}, "CODING_AGENT_PACE='fast' cannot be used"),
        ({"CODING_AGENT_KEEP_DAYS": "-1"}, "CODING_AGENT_KEEP_DAYS='-1' cannot be used"),
        ({}, "Try another: --port 0"),
    ],
)
def test_the_program_says_it_without_a_traceback(
    chosen: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in ({settings.DATA: "", settings.DEVELOPMENT: ""} | chosen).items():
        monkeypatch.setenv(name, value)  # it sets the first two itself
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = "0" if chosen else str(taken.getsockname()[1])
        arguments = ["coding_agent", "--port", port, "--data", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", arguments)
        assert main() == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "said"), [(401, "refused the key"), (404, "knows no model"), (500, "status 500")]
)
def test_what_a_visitor_reads_of_a_provider(status: int, said: str) -> None:
    told = explained(ModelHTTPError(status, "gpt-5", body={"key": "sk-secret"}))
    assert said in told
    assert "gpt-5" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("prompt", "tool"),
    [
        ("Please create a to-do list", "create_sandbox"),
        ("publish it", "ask_for_approval"),
        ("wait 2 minutes", "sleep"),
        ("Wait 2 minutes and then make me a stopwatch", "sleep"),
        ("run ls", "create_sandbox"),
    ],
)
def test_the_script_begins_an_act(prompt: str, tool: str) -> None:
    calls = [one for one in next_stage(Scene(prompt, stage=0, turn=1)) if isinstance(one, Call)]
    assert [one.tool for one in calls] == [tool]
    if tool == "sleep":
        assert calls[0].arguments["seconds"] == 120


@pytest.mark.parametrize("prompt", ["hello", "who are you?", ""])
def test_what_the_script_does_not_know(prompt: str) -> None:
    assert next_stage(Scene(prompt, stage=0, turn=1)) == (Say(HELP),)
    assert HELP.startswith("I am a script, not a language model")


def test_the_script_reads_where_it_is_from_the_history() -> None:
    history: list[ModelMessage] = [
        ModelRequest(parts=[UserPromptPart("first")]),
        ModelResponse(parts=[TextPart("a")]),
        ModelRequest(parts=[UserPromptPart("second")]),
        ModelResponse(parts=[TextPart("b")]),
        ModelRequest(parts=[]),
    ]
    scene = scene_of(history)
    assert (scene.prompt, scene.stage, scene.turn, scene.sandbox) == ("second", 1, 2, None)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("rm -rf .", True),
        ("ls && (rm x)", True),
        ("/bin/rm x", True),
        ("find . -delete", True),
        ("rm 'unclosed", True),
        ("ls -la", False),
        ("sh check.sh", False),
        ("echo farm > form.txt", False),
    ],
)
def test_which_commands_need_a_person(command: str, answer: bool) -> None:
    assert removes(command) is answer


def test_titles_are_tidied() -> None:
    assert tidied(' "Title: A stopwatch"\nfor eggs') == "A stopwatch"
    assert tidied("**Eggs**") == "Eggs"


def test_the_script_makes_the_app_after_the_wait() -> None:
    prompt = "Wait 20 seconds and then make me a stopwatch"
    calls = [one for one in next_stage(Scene(prompt, stage=1, turn=1)) if isinstance(one, Call)]
    assert [one.tool for one in calls] == ["create_sandbox"]


@pytest.mark.parametrize(
    ("prompt", "seconds", "words"),
    [
        ("wait 7 days", 604_800, "7 days"),
        ("wait 1 h", 3_600, "1 hour"),
        ("wait 90 seconds", 90, "90 seconds"),
    ],
)
def test_how_long_the_script_sleeps(prompt: str, seconds: int, words: str) -> None:
    said, call = next_stage(Scene(prompt, stage=0, turn=1))
    assert isinstance(said, Say)
    assert f"I sleep for {words}." in said.text
    assert isinstance(call, Call)
    assert call.arguments["seconds"] == seconds
