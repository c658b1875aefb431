{{/* Labels of everything. Call with (dict "root" $ "service" name "role" name). */}}
{{- define "omnifil.labels" -}}
{{ include "omnifil.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: omnifil
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "omnifil.selector" -}}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .role }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* The name of an object: release, service, role. */}}
{{- define "omnifil.name" -}}
{{- list .root.Release.Name .service .role | compact | join "-" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "omnifil.image" -}}
{{ .root.Values.image.registry }}/{{ .service }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "omnifil.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "omnifil.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* The environment that every process gets. */}}
{{- define "omnifil.env" -}}
- { name: OMNIFIL_KAFKA_BOOTSTRAP, value: {{ .root.Values.kafka.bootstrap | quote }} }
- { name: OMNIFIL_KAFKA_REPLICATION, value: {{ .root.Values.kafka.replication | quote }} }
- { name: OMNIFIL_KAFKA_SECURITY_PROTOCOL, value: {{ .root.Values.kafkaAuthentication.securityProtocol | quote }} }
{{- if hasPrefix "SASL" .root.Values.kafkaAuthentication.securityProtocol }}
- { name: OMNIFIL_KAFKA_SASL_MECHANISM, value: {{ .root.Values.kafkaAuthentication.saslMechanism | quote }} }
- name: OMNIFIL_KAFKA_SASL_USERNAME
  valueFrom: { secretKeyRef: { name: {{ .root.Values.secretName }}, key: kafka-username } }
- name: OMNIFIL_KAFKA_SASL_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .root.Values.secretName }}, key: kafka-password } }
{{- end }}
- { name: OMNIFIL_LOG_LEVEL, value: {{ .root.Values.logLevel | quote }} }
{{- with .root.Values.traces.endpoint }}
- { name: OMNIFIL_OTLP_ENDPOINT, value: {{ . | quote }} }
- { name: OMNIFIL_TRACE_RATIO, value: {{ $.root.Values.traces.ratio | quote }} }
{{- end }}
- name: OMNIFIL_MONGO_URI
  valueFrom: { secretKeyRef: { name: {{ .root.Values.secretName }}, key: mongo-uri } }
- name: OMNIFIL_INTERNAL_TOKEN
  valueFrom: { secretKeyRef: { name: {{ .root.Values.secretName }}, key: internal-token } }
{{- end }}
