from typing import TypedDict

PROXY_PORT = 9099

ROUTING_TABLE: dict[str, dict] = {
    "claude-opus-": {
        "upstream": "https://api.deepseek.com/anthropic",
        "target_path": "/v1/messages",
        "model_id": "deepseek-v4-pro",
        "key_env": "DEEPSEEK_API_KEY",
        "auth_type": "x-api-key",  # DeepSeek's own way
        "name": "DeepSeek",
        "timeout_s": 300,
        "connect_s": 15,
    },
    "claude-sonnet-": {
        "upstream": "https://api.kimi.com/coding",
        "target_path": "/v1/messages",
        "model_id": "kimi-for-coding",
        "key_env": "KIMI_API_KEY",
        "auth_type": "x-api-key",
        "name": "Kimi",
        "timeout_s": 1800,
        "connect_s": 10,
    },
    "claude-haiku-": {
        "upstream": "http://127.0.0.1:9999/relay",
        "target_path": "/v2/messages",
        "model_id": "small",
        "key_env": "RELAY_KEY",
        "auth_type": "bearer",
        "name": "Relay",
        "timeout_s": 180,
        "connect_s": 10,
    },
}


def main() -> None:
    print(ROUTING_TABLE["claude-opus-"])
