#!/usr/bin/env bash
# The product in a minute: the gateway with its built-in mock provider, asked whole and streamed. Ends by itself.
set -euo pipefail
program="$1"
work=$(mktemp -d)
gateway=""
cleanup() {
  [ -n "$gateway" ] && kill "$gateway" 2>/dev/null && wait "$gateway" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# A clean environment: the demo finds no keys and asks nobody on the network.
env -i PATH="$PATH" HOME="$work" PENSTOCK_STATE_DIR="$work/state" "$program" serve --config /dev/null --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
gateway=$!
for _ in $(seq 200); do
  url=$(sed -n '/^listening on /{s///p;q}' "$work/out")
  [ -n "$url" ] && break
  kill -0 "$gateway" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.02
done
[ -n "$url" ] || { echo "the gateway did not start" >&2; exit 1; }

ask() { # MODEL STREAM -> body on standard output, head in $work/head
  curl -sS --no-buffer --max-time 10 -D "$work/head" -o "$work/body" -w '%{http_code} %{time_total}' "$url/v1/messages" \
    -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -H 'x-api-key: any' \
    -d "{\"model\":\"$1\",\"max_tokens\":100,\"stream\":$2,\"messages\":[{\"role\":\"user\",\"content\":\"Switch models, keep your client.\"}]}" >"$work/status"
}
route() { sed -n 's/\r$//; s/^x-penstock-\(provider\|model\|route\|attempts\): /  \1: /p' "$work/head"; }
expect() { grep -q "$1" "$work/body" || { echo "the demo did not see: $1" >&2; cat "$work/body" >&2; exit 1; }; }

echo "== the gateway"
cat "$work/out"

echo; echo "== a whole answer (POST $url/v1/messages, model mock/echo)"
ask mock/echo false
cat "$work/body"; echo
expect '"Switch models, keep your client."'
echo "the route it took:"; route

echo; echo "== a streamed answer (the picker's name, with a route of its own: anthropic/mock/thinking)"
ask anthropic/mock/thinking true
grep -E '^(event|data)' "$work/body" | cut -c1-150
expect 'message_stop'
echo "the route it took:"; route

echo; echo "== what the gateway adds"
mock=$(curl -sS "$url/health" | sed -n 's/.*"upstream":"\(http:[^"]*\)".*/\1/p')
median() { # URL -> median milliseconds of 101 requests over one connection
  local args=() i
  for i in $(seq 101); do
    args+=("$1/v1/messages" -o /dev/null)
  done
  # curl sends the one body to each URL, in turn.
  curl -sS --fail --max-time 30 -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -w '%{time_total}\n' \
    -d '{"model":"mock/echo","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}' "${args[@]}" | sort -n | sed -n 51p
}
direct=$(median "$mock") through=$(median "$url")
awk -v d="$direct" -v t="$through" 'BEGIN { printf "provider alone: %.2f ms, through Penstock: %.2f ms, added: %.2f ms (medians of 101 requests)\n", d*1000, t*1000, (t-d)*1000 }'

kill -TERM "$gateway"; wait "$gateway"; gateway=""
echo; echo "== usage, as the access log has it"
grep -m 2 -E ' in=[0-9]+' "$work/log"
echo; echo "Next: set a key (say DEEPSEEK_API_KEY), run ./dev run, and point Claude Code at it: see README.md."
