#!/bin/sh
# Claude Code, headless, on the models of a Parley. Run it with: examples/claude-code/ask.sh "What is in README.md?"
set -eu
: "${ANTHROPIC_BASE_URL:?set it to the address that npm start prints}"
: "${ANTHROPIC_API_KEY:?set it to an API key of that Parley}"
root=$(dirname "$0")/../..
PATH="$PATH:$root/node_modules/.bin"
# A first prompt of 11,000 tokens takes minutes on a small CPU; later ones read it from the cache.
export API_TIMEOUT_MS="${API_TIMEOUT_MS:-3600000}"
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
exec claude -p "${1:-What is in README.md? One sentence.}" --model "${ANTHROPIC_MODEL:-claude-sonnet-5-5}" --allowedTools Read </dev/null
