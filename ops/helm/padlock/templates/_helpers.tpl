{{/* The name of every object: the release's, with the chart's where it does not say it. */}}
{{- define "padlock.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* What the pods of this release have, and no other. */}}
{{- define "padlock.selector" -}}
app.kubernetes.io/name: padlock
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "padlock.metadata" -}}
name: {{ include "padlock.name" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "padlock.labels" . | nindent 2 }}
{{- end -}}

{{- define "padlock.labels" -}}
{{ include "padlock.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "padlock.tls" -}}
{{ if .Values.env.PADLOCK_TLS_CERT_FILE }}true{{ end }}
{{- end -}}

{{- define "padlock.probeScheme" -}}
{{ if include "padlock.tls" . }}, scheme: HTTPS{{ end }}
{{- end -}}
