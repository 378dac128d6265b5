"""Requests as Claude Code sends them, of a given size: the same bytes each time (see bench/README.md)."""

import json
import random

WORDS = ("the parser reads one line then returns its error to the caller with buffer size offset and length so that a test can "
         "check value result stream event header request provider route config file folder name path index count "
         "bytes chunk server client").split()
TOOL_NAMES = ("Task Bash Glob Grep Read Edit Write NotebookEdit WebFetch WebSearch TodoWrite BashOutput KillShell Skill "
              "SlashCommand ExitPlanMode EnterPlanMode AskUserQuestion TaskOutput LSP ListMcpResources "
              "ReadMcpResource ToolSearch Monitor").split()
BETAS = ("claude-code-20250219,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,"
         "prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24")
SESSION = "3f6c1f0e-6a55-4d0b-9a63-0f2f5b1c7d11"
CACHED = {"type": "ephemeral"}


def request(host, token, body):
    """The whole request as it goes over the wire; its head is about 1 KB."""
    fields = {
        "host": host,
        "connection": "keep-alive",
        "accept": "application/json",
        "x-stainless-retry-count": "0",
        "x-stainless-timeout": "600",
        "x-stainless-lang": "js",
        "x-stainless-package-version": "0.94.0",
        "x-stainless-os": "Linux",
        "x-stainless-arch": "x64",
        "x-stainless-runtime": "node",
        "x-stainless-runtime-version": "v24.3.0",
        "anthropic-dangerous-direct-browser-access": "true",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": BETAS,
        "x-api-key": token,
        "x-app": "cli",
        "user-agent": "claude-cli/2.1.197 (external, cli)",
        "x-claude-code-session-id": SESSION,
        "content-type": "application/json",
        "accept-language": "*",
        "sec-fetch-mode": "cors",
        "accept-encoding": "gzip, deflate, br, zstd",
        "content-length": str(len(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /v1/messages?beta=true HTTP/1.1\r\n{lines}\r\n".encode() + body


def body(size, model, stream):
    """A JSON body of exactly `size` bytes."""
    source = random.Random(size)
    if size < 20_000:
        request_body = small(model, stream)
    else:
        request_body = conversation(source, size, model, stream)
    return filled(request_body, size, source)


def small(model, stream):
    return {
        "model": model,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "What does this say?\n\n"}]}],
        "system": [{"type": "text", "text": "Answer with one short title."}],
        "tools": [],
        "metadata": metadata(),
        "max_tokens": 512,
        "stream": stream,
    }


def conversation(source, size, model, stream):
    messages = [{"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>\n" + prose(source, 1500) + "\n</system-reminder>"},
        {"type": "text", "text": "Find out why the second test fails, and mend it.", "cache_control": CACHED}]},
        {"role": "system", "content": "Today's date is 2026-11-20.\n" + prose(source, 300)}]
    request_body = {
        "model": model,
        "messages": messages,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197.1c0; cc_entrypoint=cli;"},
            {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", "cache_control": CACHED},
            {"type": "text", "text": prose(source, 14_000), "cache_control": CACHED}],
        "tools": [tool(source, name) for name in TOOL_NAMES],
        "metadata": metadata(),
        "max_tokens": 32_000,
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": stream,
    }
    messages += tool_turn(source, 0)
    for turn in range(1, 1000):
        if len(dump(request_body)) > size - 20_000:
            break
        messages += tool_turn(source, turn)
    return request_body


def metadata():
    return {"user_id": dump({"device_id": "0" * 64, "account_uuid": "", "session_id": SESSION}).decode()}


def tool_turn(source, turn):
    """The model thinks and asks for a tool; the client answers with a file's text."""
    call = f"toolu_01Bench{turn:015d}"
    signature = "".join(source.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=400)) + "=="
    asked = [{"type": "thinking", "thinking": prose(source, 300), "signature": signature},
             {"type": "text", "text": prose(source, 120)},
             {"type": "tool_use", "id": call, "name": "Read", "input": {"file_path": f"/project/src/part_{turn}.cc", "offset": turn * 40}}]
    answered = [{"type": "tool_result", "tool_use_id": call, "content": code(source, source.randrange(1_000, 9_000))}]
    return [{"role": "assistant", "content": asked}, {"role": "user", "content": answered}]


def tool(source, name):
    properties = {key: {"type": kind, "description": prose(source, 90)}
                  for key, kind in (("file_path", "string"), ("pattern", "string"), ("limit", "number"), ("recursive", "boolean"))}
    properties["mode"] = {"type": "string", "enum": ["content", "files", "count"], "description": prose(source, 60)}
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties,
              "required": ["file_path"], "additionalProperties": False}
    return {"name": name, "description": prose(source, 900), "input_schema": schema}


def prose(source, length):
    """Text with the line breaks, quotation marks and letters beyond ASCII that real prompts have."""
    parts, size = [], 0
    while size < length:
        part = " ".join(source.choices(WORDS, k=9)) + source.choice((". ", ".\n\n- ", ' "quoted" ', " → ", ".\n"))
        parts.append(part)
        size += len(part)
    return "".join(parts)


def code(source, length):
    """A numbered listing, as the Read tool gives it."""
    lines, size = [], 0
    while size < length:
        left, right, call, note = source.choices(WORDS, k=4)
        line = f'{len(lines) + 1:6}\t  if ({left} != "{right}\\n") return {call}(/* {note} */);\n'
        lines.append(line)
        size += len(line)
    return "".join(lines)


def dump(value):
    """As JSON.stringify writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def filled(request_body, size, source):
    """Makes the last text of the last message as long as it takes to reach the size."""
    last = request_body["messages"][-1]["content"][-1]
    key = "text" if last["type"] == "text" else "content"
    missing = size - len(dump(request_body))
    if missing < 0:
        raise ValueError(f"a body of {size} bytes is too small by {-missing}")
    last[key] += code(source, missing // 2 if missing > 1000 else 0)
    last[key] += "." * (size - len(dump(request_body)))
    done = dump(request_body)
    assert len(done) == size and json.loads(done)["model"] == request_body["model"]
    return done
