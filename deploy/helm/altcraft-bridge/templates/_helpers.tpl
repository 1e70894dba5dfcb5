{{- define "bridge.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component; `.` is (dict "root" $ "component" NAME). */}}
{{- define "bridge.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "bridge.labels" -}}
{{ include "bridge.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "bridge.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The component that takes calls. */}}
{{- define "bridge.caller" -}}
{{- ternary "single" "ingest" (eq .Values.mode "single") -}}
{{- end -}}

{{- define "bridge.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "bridge.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "bridge.configMap" -}}
{{- .Values.existingConfigMap | default (printf "%s-config" (include "bridge.name" .)) -}}
{{- end -}}

{{- define "bridge.env" -}}
- name: BRIDGE_CONFIG
  value: /etc/bridge/bridge.yaml
- name: BRIDGE_DATABASE_URL
  {{- if eq .Values.mode "single" }}
  value: sqlite+aiosqlite:////data/bridge.db
  {{- else }}
  value: {{ required "database.url: expected an address such as postgresql+asyncpg://bridge@postgresql/bridge" .Values.database.url | quote }}
  {{- end }}
{{- if and (eq .Values.mode "split") .Values.database.passwordSecret.name }}
- name: BRIDGE_DATABASE_PASSWORD_FILE
  value: {{ .Values.secrets.mountPath }}/database_password
{{- end }}
{{- if .Values.adminToken.secret }}
- name: BRIDGE_ADMIN_TOKEN_FILE
  value: {{ .Values.secrets.mountPath }}/admin_token
{{- end }}
{{- with .Values.publicUrl }}
- name: BRIDGE_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.trustedProxies }}
- name: BRIDGE_TRUSTED_PROXIES
  value: {{ . | quote }}
{{- end }}
- name: BRIDGE_LOG_FORMAT
  value: json
- name: BRIDGE_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bridge.secretsVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range .Values.secrets.existing }}
      - secret:
          name: {{ . }}
      {{- end }}
      {{- if .Values.secrets.create }}
      - secret:
          name: {{ include "bridge.name" . }}-secrets
          # The upgrade of the tables may come before it.
          optional: true
      {{- end }}
      {{- if and (eq .Values.mode "split") .Values.database.passwordSecret.name }}
      - secret:
          name: {{ .Values.database.passwordSecret.name }}
          items: [{key: {{ .Values.database.passwordSecret.key }}, path: database_password}]
      {{- end }}
      {{- if .Values.adminToken.secret }}
      - secret:
          name: {{ .Values.adminToken.secret }}
          items: [{key: {{ .Values.adminToken.key }}, path: admin_token}]
      {{- end }}
{{- end -}}

{{- define "bridge.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "bridge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "bridge.secretsMount" -}}
- {name: secrets, mountPath: {{ .Values.secrets.mountPath }}, readOnly: true}
{{- end -}}

{{/* The template of a pod; `.` is (dict "root" $ "component" NAME "args" LIST "resources" MAP "data" BOOL). */}}
{{- define "bridge.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- include "bridge.labels" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- if $values.secrets.create }}
    checksum/secrets: {{ $values.secrets.create | toJson | sha256sum }}
    {{- end }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "bridge.serviceAccount" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGraceSeconds }}
  securityContext:
    {{- include "bridge.podSecurity" .root | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: bridge
      image: {{ include "bridge.image" .root }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: {{ toJson .args }}
      ports:
        - {name: http, containerPort: 8080}
      env:
        {{- include "bridge.env" .root | nindent 8 }}
      securityContext:
        {{- include "bridge.containerSecurity" .root | nindent 8 }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: {{ $values.probes.startupFailures }}
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        # Calls still come until all have heard that this pod goes.
        preStop:
          exec: {command: [sleep, "5"]}
      volumeMounts:
        # The folder, not the one file in it: only so a changed ConfigMap arrives.
        - {name: config, mountPath: /etc/bridge, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- include "bridge.secretsMount" .root | nindent 8 }}
        {{- if .data }}
        - {name: data, mountPath: /data}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "bridge.configMap" .root }}
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- include "bridge.secretsVolume" .root | nindent 4 }}
    {{- if and .data $values.single.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ $values.single.persistence.existingClaim }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- with $values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "bridge.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
{{- end -}}
