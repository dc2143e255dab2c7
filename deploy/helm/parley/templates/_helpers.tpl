{{- define "parley.name" -}}
{{- if contains "parley" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-parley" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "parley.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "parley.selector" . }}
{{- end }}

{{- define "parley.selector" -}}
app.kubernetes.io/name: parley
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of an engine: (list root name) */}}
{{- define "parley.engineSelector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/component: engine
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "parley.databaseSecret" -}}
{{- if .Values.database.existingSecret }}{{ .Values.database.existingSecret }}{{ else if .Values.database.url }}{{ include "parley.name" . }}-database{{ else }}{{ fail "database.url or database.existingSecret is needed: nodes share a PostgreSQL" }}{{ end }}
{{- end }}

{{- define "parley.masterSecret" -}}
{{- if .Values.masterSecret.existingSecret }}{{ .Values.masterSecret.existingSecret }}{{ else if .Values.masterSecret.value }}{{ include "parley.name" . }}-master{{ else }}{{ fail "masterSecret.value (openssl rand -hex 32) or masterSecret.existingSecret is needed: nodes check keys with it" }}{{ end }}
{{- end }}

{{- define "parley.redisSecret" -}}
{{- if .Values.redis.existingSecret }}{{ .Values.redis.existingSecret }}{{ else if .Values.redis.url }}{{ include "parley.name" . }}-redis{{ end }}
{{- end }}

{{/* As many upstreams as an engine may ever have pods: one that is not there is paused until a probe finds it. */}}
{{- define "parley.engineReplicas" -}}
{{- $auto := .autoscaling | default dict }}{{- if $auto.enabled }}{{ $auto.maxReplicas | default 4 }}{{ else }}{{ .replicas | default 1 }}{{ end }}
{{- end }}

{{/* How an engine is driven: SGLang tells nobody its chat template, and without it does the rendering itself. */}}
{{- define "parley.engineKind" -}}
{{- if and (eq .kind "sglang") (not .tokenizerConfig) }}chat-completions{{ else }}{{ .kind }}{{ end }}
{{- end }}

{{/* parley.yaml: the given configuration, and upstreams and pools of the chart's own engines. */}}
{{- define "parley.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $upstreams := $config.upstreams | default dict }}
{{- $pools := $config.pools | default dict }}
{{- $root := . }}
{{- range $name, $engine := .Values.engines }}
{{- $targets := list }}
{{- range $n := until (int (include "parley.engineReplicas" $engine)) }}
{{- $host := printf "%s-%s-%d.%s-%s.%s.svc" (include "parley.name" $root) $name $n (include "parley.name" $root) $name $root.Release.Namespace }}
{{- $kind := include "parley.engineKind" $engine }}
{{- $upstream := dict "kind" $kind "url" (printf "http://%s:8000" $host) "turns" ($engine.turns | default 64) }}
{{- if eq $kind "chat-completions" }}{{ $_ := set $upstream "structured_outputs" true }}{{ else }}{{ $_ := set $upstream "slots" ($engine.turns | default 64) }}{{ end }}
{{- if eq $kind "sglang" }}{{ $_ := set $upstream "tokenizer_config" (printf "/etc/parley/%s.tokenizer_config.json" $name) }}{{ end }}
{{- with $engine.geo }}{{ $_ := set $upstream "geo" . }}{{ end }}
{{- if $engine.apiKeySecret }}{{ $_ := set $upstream "api_key_env" (printf "ENGINE_KEY_%s" ($name | upper | replace "-" "_")) }}{{ end }}
{{- $_ := set $upstreams (printf "%s-%d" $name $n) $upstream }}
{{- $target := dict "upstream" (printf "%s-%d" $name $n) }}
{{- if eq $kind "chat-completions" }}{{ $_ := set $target "model" $engine.model }}{{ end }}
{{- $targets = append $targets $target }}
{{- end }}
{{- $pool := dict "targets" $targets "title" ($engine.title | default $engine.model) }}
{{- with $engine.contextTokens }}{{ $_ := set $pool "context_tokens" . }}{{ end }}
{{- $_ := set $pools $name $pool }}
{{- end }}
{{- $_ := set $config "upstreams" $upstreams }}
{{- $_ := set $config "pools" $pools }}
{{- $_ := set $config "metrics" (merge (dict "allow" .Values.metrics.allow) ($config.metrics | default dict)) }}
{{- if and .Values.shared.existingClaim (not $config.files) }}{{ $_ := set $config "files" (dict "folder" "/var/lib/parley/shared/blobs") }}{{ end }}
{{- if and .Values.shared.existingClaim (not $config.code_execution) }}{{ $_ := set $config "code_execution" (dict "folder" "/var/lib/parley/shared/containers") }}{{ end }}
{{- toYaml $config }}
{{- end }}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
