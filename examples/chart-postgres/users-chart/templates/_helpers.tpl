{{- define "users.labels" -}}
app.kubernetes.io/name: users
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "users.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "users.databaseEnv" -}}
envFrom:
  - configMapRef: { name: {{ .Release.Name }} }
  - secretRef: { name: {{ .Release.Name }}-database }
{{- end }}
