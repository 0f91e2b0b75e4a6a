/** Objects that work as they stand, in the ways of charts and manifests that are much used: nothing may be told of them. */
export const sound: Readonly<Record<string, string>> = {
  'a service with all that belongs to it': `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: orders, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: orders, namespace: shop}
data: {PORT: "8080", app.properties: "a=b\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: orders, namespace: shop}
type: Opaque
stringData: {password: x}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop, labels: {app.kubernetes.io/name: orders}, annotations: {deployment.kubernetes.io/revision: "1"}}
spec:
  replicas: 2
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  selector: {matchLabels: {app.kubernetes.io/name: orders}}
  template:
    metadata: {creationTimestamp: null, labels: {app.kubernetes.io/name: orders, version: v1}, annotations: {prometheus.io/scrape: "true"}}
    spec:
      serviceAccountName: orders
      affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/name: orders}}}}]}}
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app.kubernetes.io/name: orders}}}]
      initContainers:
      - {name: wait, image: 'busybox:1.36', command: [sh, -c, 'until nc -z db 5432; do sleep 1; done'], resources: {requests: {cpu: 10m}}}
      - {name: proxy, image: 'envoyproxy/envoy:v1.30', restartPolicy: Always, ports: [{name: admin, containerPort: 9901}]}
      containers:
      - name: orders
        image: ghcr.io/me/orders:1.2.3@sha256:9724476b928967d173501040631b23ba07f47073999e80e34b120e8db5f234d5
        envFrom: [{configMapRef: {name: orders}}, {secretRef: {name: not-there, optional: true}}]
        env:
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: orders, key: password}}}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: URL, value: 'http://$(POD):8080'}
        ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]
        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: "1", memory: 256Mi, ephemeral-storage: 1Gi}}
        startupProbe: {httpGet: {path: /health, port: http}, failureThreshold: 30}
        readinessProbe: {httpGet: {path: /ready, port: 8080}}
        livenessProbe: {grpc: {port: 9090}}
        lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
        volumeMounts: [{name: config, mountPath: /etc/orders, readOnly: true}, {name: tmp, mountPath: /tmp}, {name: tmp, mountPath: /var/tmp, subPath: var}]
      volumes:
      - {name: config, projected: {sources: [{configMap: {name: orders, items: [{key: app.properties, path: app.properties}]}}, {secret: {name: orders}}, {serviceAccountToken: {path: token}}, {configMap: {name: kube-root-ca.crt}}]}}
      - {name: tmp, emptyDir: {}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app.kubernetes.io/name: orders}, ports: [{name: http, port: 80, targetPort: http}, {name: metrics, port: 9090}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: orders, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: orders}, minReplicas: 2, maxReplicas: 4, metrics: [{type: ContainerResource, containerResource: {name: cpu, container: orders, target: {type: Utilization, averageUtilization: 70}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: orders, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: orders}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: orders, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}}], ports: [{port: http}, {port: 9090, protocol: TCP}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: orders, namespace: shop, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2, nginx.ingress.kubernetes.io/use-regex: "true"}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [orders.test]}]
  rules:
  - host: orders.test
    http:
      paths:
      - {path: '/orders(/|$)(.*)', pathType: ImplementationSpecific, backend: {service: {name: orders, port: {name: http}}}}
      - {path: /metrics, pathType: Exact, backend: {service: {name: orders, port: {number: 9090}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: orders-canary, namespace: shop, annotations: {kubernetes.io/ingress.class: nginx, nginx.ingress.kubernetes.io/canary: "true"}}
spec: {rules: [{host: orders.test, http: {paths: [{path: /metrics, pathType: Exact, backend: {service: {name: orders, port: {number: 9090}}}}]}}]}
`,
  'a database with its claim, its headless Service and its backup': `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
spec:
  serviceName: postgres
  selector: {matchLabels: {app: postgres}}
  template:
    metadata: {labels: {app: postgres}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - {name: postgres, image: 'postgres:16-alpine', ports: [{containerPort: 5432}], readinessProbe: {exec: {command: [pg_isready]}}, livenessProbe: {tcpSocket: {port: 5432}}, volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]}
      - {name: exporter, image: 'quay.io/prometheuscommunity/postgres-exporter', ports: [{name: metrics, containerPort: 9187}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: postgres}
spec: {clusterIP: None, selector: {app: postgres}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: legacy-db}
spec: {type: ExternalName, externalName: db.example.com}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec: {schedule: '@daily', concurrencyPolicy: Forbid, jobTemplate: {spec: {backoffLimit: 1, template: {spec: {restartPolicy: OnFailure, containers: [{name: backup, image: 'postgres:16-alpine', command: [pg_dump], volumeMounts: [{name: out, mountPath: /out}]}], volumes: [{name: out, persistentVolumeClaim: {claimName: backup}}]}}}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backup}
spec: {storageClassName: manual, accessModes: [ReadWriteMany], resources: {requests: {storage: 500Mi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: backup}
spec: {storageClassName: manual, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce, ReadWriteMany], hostPath: {path: /var/lib/docker/backup}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: migrate-, annotations: {helm.sh/hook: pre-install}}
spec: {ttlSecondsAfterFinished: 60, template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: 'me/migrate:1'}]}}}
`,
  'parts of kube-prometheus': `
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node-exporter, namespace: monitoring}
spec:
  selector: {matchLabels: {app: node-exporter}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 10%}}
  template:
    metadata: {labels: {app: node-exporter}}
    spec:
      hostNetwork: true
      hostPID: true
      nodeSelector: {kubernetes.io/os: linux}
      tolerations: [{operator: Exists}]
      priorityClassName: system-cluster-critical
      containers: [{name: node-exporter, image: 'quay.io/prometheus/node-exporter:v1.8.0', args: ['--path.rootfs=/host/root'], ports: [{name: metrics, containerPort: 9100, hostPort: 9100}], volumeMounts: [{name: sys, mountPath: /host/sys, mountPropagation: HostToContainer, readOnly: true}, {name: root, mountPath: /host/root}]}]
      volumes: [{name: sys, hostPath: {path: /sys}}, {name: root, hostPath: {path: /}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: monitoring}
automountServiceAccountToken: true
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: 'monitoring:prometheus'}
rules: [{apiGroups: [""], resources: [nodes/metrics, pods], verbs: [get, list, watch]}, {nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: 'monitoring:prometheus'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'monitoring:prometheus'}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: auth-reader, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
---
apiVersion: v1
kind: Service
metadata: {name: kube-prometheus-coredns, namespace: kube-system}
spec: {clusterIP: None, selector: {k8s-app: kube-dns}, ports: [{name: http-metrics, port: 9153, protocol: TCP, targetPort: 9153}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: monitoring}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: outside, namespace: monitoring}
subsets: [{addresses: [{ip: 10.1.2.3}], ports: [{port: 80}]}]
`,
  'an ingress controller of its own': `
apiVersion: v1
kind: Namespace
metadata: {name: m}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: internal}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: controller, namespace: m}
data: {allow-snippet-annotations: "true", annotations-risk-level: Critical}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: m}
spec:
  selector: {matchLabels: {app: controller}}
  template:
    metadata: {labels: {app: controller}}
    spec:
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.12.1
        args: ['--configmap=$(NS)/controller', '--validating-webhook-certificate=/certs/cert']
        ports: [{name: http, containerPort: 80}, {name: https, containerPort: 443}, {name: webhook, containerPort: 8443}]
        livenessProbe: {httpGet: {path: /healthz, port: 10254}}
        volumeMounts: [{name: certs, mountPath: /certs}]
      volumes: [{name: certs, secret: {secretName: admission}}]
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: m}
spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: controller}, ports: [{name: http, port: 80, targetPort: http, nodePort: 30080, appProtocol: http}, {name: dns, port: 53, protocol: UDP, targetPort: 53}, {name: dns-tcp, port: 53, protocol: TCP, targetPort: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: admission-create, namespace: m}
spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: create, image: 'registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.5.1', args: [create, '--secret-name=admission']}]}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: admission}
webhooks: [{name: validate.nginx.ingress.kubernetes.io, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Fail, clientConfig: {service: {name: controller, namespace: m, path: /validate}}, rules: [{apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [ingresses]}]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: m, annotations: {nginx.ingress.kubernetes.io/configuration-snippet: 'more_set_headers "A: b";'}}
spec: {ingressClassName: internal, defaultBackend: {service: {name: controller, port: {number: 80}}}}
`,
  'a second port that is asked and not declared': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: state-metrics}
spec: {selector: {matchLabels: {app: m}}, template: {metadata: {labels: {app: m}}, spec: {containers: [{name: m, image: 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.13.0', ports: [{name: http, containerPort: 8080}], livenessProbe: {httpGet: {path: /livez, port: http}}, readinessProbe: {httpGet: {path: /readyz, port: 8081}}}]}}}
`,
  'kinds of its own, and what is in no namespace': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: Shop, plural: shops}, versions: [{name: v1, served: true, storage: true, subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}
---
apiVersion: example.com/v1
kind: Shop
metadata: {name: mine}
spec: {size: 3, replicas: "2", image: {{name: x}: y}}
---
apiVersion: v1
kind: Service
metadata: {name: mine}
spec: {selector: {shop: mine}, ports: [{port: 80}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: k8s.io/minikube-hostpath
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: fast}
spec: {storageClassName: fast, accessModes: [ReadWriteMany], resources: {requests: {storage: 1}}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 0.1}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: "10", requests.cpu: "2"}}
---
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Pod
metadata: {name: debug}
spec: {automountServiceAccountToken: false, containers: [{name: sh, image: 'alpine', command: [sleep, infinity], stdin: true, tty: true, env: [{name: T, valueFrom: {secretKeyRef: {name: token, key: token}}}, {name: EMPTY}]}]}
status: {phase: Running}
`,
};
