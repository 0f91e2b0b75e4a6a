/**
 * The fields of the kinds that Kubernetes brings, one type a line: each field with its type, `!` where it must be there, `[]` a
 * list, `[keys]` a list whose entries those fields tell apart, `{}` a map. Read from the OpenAPI v3 that an API server of
 * `fieldsVersion` publishes; no type of a status is in it.
 */
export const kubeFields = `
MutatingWebhookConfiguration apiVersion:text kind:text metadata:ObjectMeta webhooks:MutatingWebhook[name]
ValidatingWebhookConfiguration apiVersion:text kind:text metadata:ObjectMeta webhooks:ValidatingWebhook[name]
CustomResourceDefinition apiVersion:text kind:text metadata:ObjectMeta spec!:CustomResourceDefinitionSpec
APIService apiVersion:text kind:text metadata:ObjectMeta spec:APIServiceSpec
DaemonSet apiVersion:text kind:text metadata:ObjectMeta spec:DaemonSetSpec
Deployment apiVersion:text kind:text metadata:ObjectMeta spec:DeploymentSpec
ReplicaSet apiVersion:text kind:text metadata:ObjectMeta spec:ReplicaSetSpec
StatefulSet apiVersion:text kind:text metadata:ObjectMeta spec:StatefulSetSpec
HorizontalPodAutoscaler apiVersion:text kind:text metadata:ObjectMeta spec:HorizontalPodAutoscalerSpec
AutoscalingV2HorizontalPodAutoscaler apiVersion:text kind:text metadata:ObjectMeta spec:AutoscalingV2HorizontalPodAutoscalerSpec
CronJob apiVersion:text kind:text metadata:ObjectMeta spec:CronJobSpec
Job apiVersion:text kind:text metadata:ObjectMeta spec:JobSpec
EndpointSlice addressType!:text apiVersion:text endpoints!:Endpoint[] kind:text metadata:ObjectMeta ports:EndpointPort[]
Ingress apiVersion:text kind:text metadata:ObjectMeta spec:IngressSpec
IngressClass apiVersion:text kind:text metadata:ObjectMeta spec:IngressClassSpec
NetworkPolicy apiVersion:text kind:text metadata:ObjectMeta spec:NetworkPolicySpec
RuntimeClass apiVersion:text handler!:text kind:text metadata:ObjectMeta overhead:Overhead scheduling:Scheduling
PodDisruptionBudget apiVersion:text kind:text metadata:ObjectMeta spec:PodDisruptionBudgetSpec
ClusterRole aggregationRule:AggregationRule apiVersion:text kind:text metadata:ObjectMeta rules:PolicyRule[]
ClusterRoleBinding apiVersion:text kind:text metadata:ObjectMeta roleRef!:RoleRef subjects:Subject[]
Role apiVersion:text kind:text metadata:ObjectMeta rules:PolicyRule[]
RoleBinding apiVersion:text kind:text metadata:ObjectMeta roleRef!:RoleRef subjects:Subject[]
PriorityClass apiVersion:text description:text globalDefault:boolean kind:text metadata:ObjectMeta preemptionPolicy:text value!:integer
CSIDriver apiVersion:text kind:text metadata:ObjectMeta spec!:CSIDriverSpec
StorageClass allowVolumeExpansion:boolean allowedTopologies:TopologySelectorTerm[] apiVersion:text kind:text metadata:ObjectMeta mountOptions:text[] parameters:text{} provisioner!:text reclaimPolicy:text volumeBindingMode:text
ConfigMap apiVersion:text binaryData:text{} data:text{} immutable:boolean kind:text metadata:ObjectMeta
Endpoints apiVersion:text kind:text metadata:ObjectMeta subsets:EndpointSubset[]
LimitRange apiVersion:text kind:text metadata:ObjectMeta spec:LimitRangeSpec
Namespace apiVersion:text kind:text metadata:ObjectMeta spec:NamespaceSpec
PersistentVolume apiVersion:text kind:text metadata:ObjectMeta spec:PersistentVolumeSpec
PersistentVolumeClaim apiVersion:text kind:text metadata:ObjectMeta spec:PersistentVolumeClaimSpec
Pod apiVersion:text kind:text metadata:ObjectMeta spec:PodSpec
ReplicationController apiVersion:text kind:text metadata:ObjectMeta spec:ReplicationControllerSpec
ResourceQuota apiVersion:text kind:text metadata:ObjectMeta spec:ResourceQuotaSpec
Secret apiVersion:text data:text{} immutable:boolean kind:text metadata:ObjectMeta stringData:text{} type:text
Service apiVersion:text kind:text metadata:ObjectMeta spec:ServiceSpec
ServiceAccount apiVersion:text automountServiceAccountToken:boolean imagePullSecrets:LocalObjectReference[] kind:text metadata:ObjectMeta secrets:ObjectReference[name]
ObjectMeta annotations:text{} creationTimestamp:text deletionGracePeriodSeconds:integer deletionTimestamp:text finalizers:text[] generateName:text generation:integer labels:text{} managedFields:ManagedFieldsEntry[] name:text namespace:text ownerReferences:OwnerReference[uid] resourceVersion:text selfLink:text uid:text
MutatingWebhook admissionReviewVersions!:text[] clientConfig!:WebhookClientConfig failurePolicy:text matchConditions:MatchCondition[name] matchPolicy:text name!:text namespaceSelector:LabelSelector objectSelector:LabelSelector reinvocationPolicy:text rules:RuleWithOperations[] sideEffects!:text timeoutSeconds:integer
ValidatingWebhook admissionReviewVersions!:text[] clientConfig!:WebhookClientConfig failurePolicy:text matchConditions:MatchCondition[name] matchPolicy:text name!:text namespaceSelector:LabelSelector objectSelector:LabelSelector rules:RuleWithOperations[] sideEffects!:text timeoutSeconds:integer
CustomResourceDefinitionSpec conversion:CustomResourceConversion group!:text names!:CustomResourceDefinitionNames preserveUnknownFields:boolean scope!:text versions!:CustomResourceDefinitionVersion[]
APIServiceSpec caBundle:text group:text groupPriorityMinimum!:integer insecureSkipTLSVerify:boolean service:ServiceReference version:text versionPriority!:integer
DaemonSetSpec minReadySeconds:integer revisionHistoryLimit:integer selector!:LabelSelector template!:PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy
DeploymentSpec minReadySeconds:integer paused:boolean progressDeadlineSeconds:integer replicas:integer revisionHistoryLimit:integer selector!:LabelSelector strategy:DeploymentStrategy template!:PodTemplateSpec
ReplicaSetSpec minReadySeconds:integer replicas:integer selector!:LabelSelector template:PodTemplateSpec
StatefulSetSpec minReadySeconds:integer ordinals:StatefulSetOrdinals persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy:text replicas:integer revisionHistoryLimit:integer selector!:LabelSelector serviceName:text template!:PodTemplateSpec updateStrategy:StatefulSetUpdateStrategy volumeClaimTemplates:PersistentVolumeClaim[]
HorizontalPodAutoscalerSpec maxReplicas!:integer minReplicas:integer scaleTargetRef!:CrossVersionObjectReference targetCPUUtilizationPercentage:integer
AutoscalingV2HorizontalPodAutoscalerSpec behavior:HorizontalPodAutoscalerBehavior maxReplicas!:integer metrics:MetricSpec[] minReplicas:integer scaleTargetRef!:AutoscalingV2CrossVersionObjectReference
CronJobSpec concurrencyPolicy:text failedJobsHistoryLimit:integer jobTemplate!:JobTemplateSpec schedule!:text startingDeadlineSeconds:integer successfulJobsHistoryLimit:integer suspend:boolean timeZone:text
JobSpec activeDeadlineSeconds:integer backoffLimit:integer backoffLimitPerIndex:integer completionMode:text completions:integer managedBy:text manualSelector:boolean maxFailedIndexes:integer parallelism:integer podFailurePolicy:PodFailurePolicy podReplacementPolicy:text selector:LabelSelector successPolicy:SuccessPolicy suspend:boolean template!:PodTemplateSpec ttlSecondsAfterFinished:integer
Endpoint addresses!:text[] conditions:EndpointConditions deprecatedTopology:text{} hints:EndpointHints hostname:text nodeName:text targetRef:ObjectReference zone:text
EndpointPort appProtocol:text name:text port:integer protocol:text
IngressSpec defaultBackend:IngressBackend ingressClassName:text rules:IngressRule[] tls:IngressTLS[]
IngressClassSpec controller:text parameters:IngressClassParametersReference
NetworkPolicySpec egress:NetworkPolicyEgressRule[] ingress:NetworkPolicyIngressRule[] podSelector:LabelSelector policyTypes:text[]
Overhead podFixed:quantity{}
Scheduling nodeSelector:text{} tolerations:Toleration[]
PodDisruptionBudgetSpec maxUnavailable:port minAvailable:port selector:LabelSelector unhealthyPodEvictionPolicy:text
AggregationRule clusterRoleSelectors:LabelSelector[]
PolicyRule apiGroups:text[] nonResourceURLs:text[] resourceNames:text[] resources:text[] verbs!:text[]
RoleRef apiGroup!:text kind!:text name!:text
Subject apiGroup:text kind!:text name!:text namespace:text
CSIDriverSpec attachRequired:boolean fsGroupPolicy:text nodeAllocatableUpdatePeriodSeconds:integer podInfoOnMount:boolean requiresRepublish:boolean seLinuxMount:boolean storageCapacity:boolean tokenRequests:TokenRequest[] volumeLifecycleModes:text[]
TopologySelectorTerm matchLabelExpressions:TopologySelectorLabelRequirement[]
EndpointSubset addresses:EndpointAddress[] notReadyAddresses:EndpointAddress[] ports:CoreV1EndpointPort[]
LimitRangeSpec limits!:LimitRangeItem[]
NamespaceSpec finalizers:text[]
PersistentVolumeSpec accessModes:text[] awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource capacity:quantity{} cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef:ObjectReference csi:CSIPersistentVolumeSource fc:FCVolumeSource flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource local:LocalVolumeSource mountOptions:text[] nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy:text photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource storageClassName:text storageos:StorageOSPersistentVolumeSource volumeAttributesClassName:text volumeMode:text vsphereVolume:VsphereVirtualDiskVolumeSource
PersistentVolumeClaimSpec accessModes:text[] dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:LabelSelector storageClassName:text volumeAttributesClassName:text volumeMode:text volumeName:text
PodSpec activeDeadlineSeconds:integer affinity:Affinity automountServiceAccountToken:boolean containers!:Container[name] dnsConfig:PodDNSConfig dnsPolicy:text enableServiceLinks:boolean ephemeralContainers:EphemeralContainer[name] hostAliases:HostAlias[ip] hostIPC:boolean hostNetwork:boolean hostPID:boolean hostUsers:boolean hostname:text hostnameOverride:text imagePullSecrets:LocalObjectReference[name] initContainers:Container[name] nodeName:text nodeSelector:text{} os:PodOS overhead:quantity{} preemptionPolicy:text priority:integer priorityClassName:text readinessGates:PodReadinessGate[] resourceClaims:PodResourceClaim[name] resources:ResourceRequirements restartPolicy:text runtimeClassName:text schedulerName:text schedulingGates:PodSchedulingGate[name] securityContext:PodSecurityContext serviceAccount:text serviceAccountName:text setHostnameAsFQDN:boolean shareProcessNamespace:boolean subdomain:text terminationGracePeriodSeconds:integer tolerations:Toleration[] topologySpreadConstraints:TopologySpreadConstraint[topologyKey,whenUnsatisfiable] volumes:Volume[name]
ReplicationControllerSpec minReadySeconds:integer replicas:integer selector:text{} template:PodTemplateSpec
ResourceQuotaSpec hard:quantity{} scopeSelector:ScopeSelector scopes:text[]
ServiceSpec allocateLoadBalancerNodePorts:boolean clusterIP:text clusterIPs:text[] externalIPs:text[] externalName:text externalTrafficPolicy:text healthCheckNodePort:integer internalTrafficPolicy:text ipFamilies:text[] ipFamilyPolicy:text loadBalancerClass:text loadBalancerIP:text loadBalancerSourceRanges:text[] ports:ServicePort[port,protocol] publishNotReadyAddresses:boolean selector:text{} sessionAffinity:text sessionAffinityConfig:SessionAffinityConfig trafficDistribution:text type:text
LocalObjectReference name:text
ObjectReference apiVersion:text fieldPath:text kind:text name:text namespace:text resourceVersion:text uid:text
ManagedFieldsEntry apiVersion:text fieldsType:text fieldsV1:any manager:text operation:text subresource:text time:text
OwnerReference apiVersion!:text blockOwnerDeletion:boolean controller:boolean kind!:text name!:text uid!:text
WebhookClientConfig caBundle:text service:AdmissionregistrationV1ServiceReference url:text
MatchCondition expression!:text name!:text
LabelSelector matchExpressions:LabelSelectorRequirement[] matchLabels:text{}
RuleWithOperations apiGroups:text[] apiVersions:text[] operations:text[] resources:text[] scope:text
CustomResourceConversion strategy!:text webhook:WebhookConversion
CustomResourceDefinitionNames categories:text[] kind!:text listKind:text plural!:text shortNames:text[] singular:text
CustomResourceDefinitionVersion additionalPrinterColumns:CustomResourceColumnDefinition[] deprecated:boolean deprecationWarning:text name!:text schema:CustomResourceValidation selectableFields:SelectableField[] served!:boolean storage!:boolean subresources:CustomResourceSubresources
ServiceReference name:text namespace:text port:integer
PodTemplateSpec metadata:ObjectMeta spec:PodSpec
DaemonSetUpdateStrategy rollingUpdate:RollingUpdateDaemonSet type:text
DeploymentStrategy rollingUpdate:RollingUpdateDeployment type:text
StatefulSetOrdinals start:integer
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:text whenScaled:text
StatefulSetUpdateStrategy rollingUpdate:RollingUpdateStatefulSetStrategy type:text
CrossVersionObjectReference apiVersion:text kind!:text name!:text
HorizontalPodAutoscalerBehavior scaleDown:HPAScalingRules scaleUp:HPAScalingRules
MetricSpec containerResource:ContainerResourceMetricSource external:ExternalMetricSource object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource type!:text
AutoscalingV2CrossVersionObjectReference apiVersion:text kind!:text name!:text
JobTemplateSpec metadata:ObjectMeta spec:JobSpec
PodFailurePolicy rules!:PodFailurePolicyRule[]
SuccessPolicy rules!:SuccessPolicyRule[]
EndpointConditions ready:boolean serving:boolean terminating:boolean
EndpointHints forNodes:ForNode[] forZones:ForZone[]
IngressBackend resource:TypedLocalObjectReference service:IngressServiceBackend
IngressRule host:text http:HTTPIngressRuleValue
IngressTLS hosts:text[] secretName:text
IngressClassParametersReference apiGroup:text kind!:text name!:text namespace:text scope:text
NetworkPolicyEgressRule ports:NetworkPolicyPort[] to:NetworkPolicyPeer[]
NetworkPolicyIngressRule from:NetworkPolicyPeer[] ports:NetworkPolicyPort[]
Toleration effect:text key:text operator:text tolerationSeconds:integer value:text
TokenRequest audience!:text expirationSeconds:integer
TopologySelectorLabelRequirement key!:text values!:text[]
EndpointAddress hostname:text ip!:text nodeName:text targetRef:ObjectReference
CoreV1EndpointPort appProtocol:text name:text port!:integer protocol:text
LimitRangeItem default:quantity{} defaultRequest:quantity{} max:quantity{} maxLimitRequestRatio:quantity{} min:quantity{} type!:text
AWSElasticBlockStoreVolumeSource fsType:text partition:integer readOnly:boolean volumeID!:text
AzureDiskVolumeSource cachingMode:text diskName!:text diskURI!:text fsType:text kind:text readOnly:boolean
AzureFilePersistentVolumeSource readOnly:boolean secretName!:text secretNamespace:text shareName!:text
CephFSPersistentVolumeSource monitors!:text[] path:text readOnly:boolean secretFile:text secretRef:SecretReference user:text
CinderPersistentVolumeSource fsType:text readOnly:boolean secretRef:SecretReference volumeID!:text
CSIPersistentVolumeSource controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference driver!:text fsType:text nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference nodeStageSecretRef:SecretReference readOnly:boolean volumeAttributes:text{} volumeHandle!:text
FCVolumeSource fsType:text lun:integer readOnly:boolean targetWWNs:text[] wwids:text[]
FlexPersistentVolumeSource driver!:text fsType:text options:text{} readOnly:boolean secretRef:SecretReference
FlockerVolumeSource datasetName:text datasetUUID:text
GCEPersistentDiskVolumeSource fsType:text partition:integer pdName!:text readOnly:boolean
GlusterfsPersistentVolumeSource endpoints!:text endpointsNamespace:text path!:text readOnly:boolean
HostPathVolumeSource path!:text type:text
ISCSIPersistentVolumeSource chapAuthDiscovery:boolean chapAuthSession:boolean fsType:text initiatorName:text iqn!:text iscsiInterface:text lun!:integer portals:text[] readOnly:boolean secretRef:SecretReference targetPortal!:text
LocalVolumeSource fsType:text path!:text
NFSVolumeSource path!:text readOnly:boolean server!:text
VolumeNodeAffinity required:NodeSelector
PhotonPersistentDiskVolumeSource fsType:text pdID!:text
PortworxVolumeSource fsType:text readOnly:boolean volumeID!:text
QuobyteVolumeSource group:text readOnly:boolean registry!:text tenant:text user:text volume!:text
RBDPersistentVolumeSource fsType:text image!:text keyring:text monitors!:text[] pool:text readOnly:boolean secretRef:SecretReference user:text
ScaleIOPersistentVolumeSource fsType:text gateway!:text protectionDomain:text readOnly:boolean secretRef!:SecretReference sslEnabled:boolean storageMode:text storagePool:text system!:text volumeName:text
StorageOSPersistentVolumeSource fsType:text readOnly:boolean secretRef:ObjectReference volumeName:text volumeNamespace:text
VsphereVirtualDiskVolumeSource fsType:text storagePolicyID:text storagePolicyName:text volumePath!:text
TypedLocalObjectReference apiGroup:text kind!:text name!:text
TypedObjectReference apiGroup:text kind!:text name!:text namespace:text
VolumeResourceRequirements limits:quantity{} requests:quantity{}
Affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
Container args:text[] command:text[] env:EnvVar[name] envFrom:EnvFromSource[] image:text imagePullPolicy:text lifecycle:Lifecycle livenessProbe:Probe name!:text ports:ContainerPort[containerPort,protocol] readinessProbe:Probe resizePolicy:ContainerResizePolicy[] resources:ResourceRequirements restartPolicy:text restartPolicyRules:ContainerRestartRule[] securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean terminationMessagePath:text terminationMessagePolicy:text tty:boolean volumeDevices:VolumeDevice[devicePath] volumeMounts:VolumeMount[mountPath] workingDir:text
PodDNSConfig nameservers:text[] options:PodDNSConfigOption[] searches:text[]
EphemeralContainer args:text[] command:text[] env:EnvVar[name] envFrom:EnvFromSource[] image:text imagePullPolicy:text lifecycle:Lifecycle livenessProbe:Probe name!:text ports:ContainerPort[containerPort,protocol] readinessProbe:Probe resizePolicy:ContainerResizePolicy[] resources:ResourceRequirements restartPolicy:text restartPolicyRules:ContainerRestartRule[] securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean targetContainerName:text terminationMessagePath:text terminationMessagePolicy:text tty:boolean volumeDevices:VolumeDevice[devicePath] volumeMounts:VolumeMount[mountPath] workingDir:text
HostAlias hostnames:text[] ip!:text
PodOS name!:text
PodReadinessGate conditionType!:text
PodResourceClaim name!:text resourceClaimName:text resourceClaimTemplateName:text
ResourceRequirements claims:ResourceClaim[name] limits:quantity{} requests:quantity{}
PodSchedulingGate name!:text
PodSecurityContext appArmorProfile:AppArmorProfile fsGroup:integer fsGroupChangePolicy:text runAsGroup:integer runAsNonRoot:boolean runAsUser:integer seLinuxChangePolicy:text seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:integer[] supplementalGroupsPolicy:text sysctls:Sysctl[] windowsOptions:WindowsSecurityContextOptions
TopologySpreadConstraint labelSelector:LabelSelector matchLabelKeys:text[] maxSkew!:integer minDomains:integer nodeAffinityPolicy:text nodeTaintsPolicy:text topologyKey!:text whenUnsatisfiable!:text
Volume awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource name!:text nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
ScopeSelector matchExpressions:ScopedResourceSelectorRequirement[]
ServicePort appProtocol:text name:text nodePort:integer port!:integer protocol:text targetPort:port
SessionAffinityConfig clientIP:ClientIPConfig
AdmissionregistrationV1ServiceReference name!:text namespace!:text path:text port:integer
LabelSelectorRequirement key!:text operator!:text values:text[]
WebhookConversion clientConfig:ApiextensionsV1WebhookClientConfig conversionReviewVersions!:text[]
CustomResourceColumnDefinition description:text format:text jsonPath!:text name!:text priority:integer type!:text
CustomResourceValidation openAPIV3Schema:any
SelectableField jsonPath!:text
CustomResourceSubresources scale:CustomResourceSubresourceScale status:any
RollingUpdateDaemonSet maxSurge:port maxUnavailable:port
RollingUpdateDeployment maxSurge:port maxUnavailable:port
RollingUpdateStatefulSetStrategy maxUnavailable:port partition:integer
HPAScalingRules policies:HPAScalingPolicy[] selectPolicy:text stabilizationWindowSeconds:integer tolerance:quantity
ContainerResourceMetricSource container!:text name!:text target!:MetricTarget
ExternalMetricSource metric!:MetricIdentifier target!:MetricTarget
ObjectMetricSource describedObject!:AutoscalingV2CrossVersionObjectReference metric!:MetricIdentifier target!:MetricTarget
PodsMetricSource metric!:MetricIdentifier target!:MetricTarget
ResourceMetricSource name!:text target!:MetricTarget
PodFailurePolicyRule action!:text onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:PodFailurePolicyOnPodConditionsPattern[]
SuccessPolicyRule succeededCount:integer succeededIndexes:text
ForNode name!:text
ForZone name!:text
IngressServiceBackend name!:text port:ServiceBackendPort
HTTPIngressRuleValue paths!:HTTPIngressPath[]
NetworkPolicyPort endPort:integer port:port protocol:text
NetworkPolicyPeer ipBlock:IPBlock namespaceSelector:LabelSelector podSelector:LabelSelector
SecretReference name:text namespace:text
NodeSelector nodeSelectorTerms!:NodeSelectorTerm[]
NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:PreferredSchedulingTerm[] requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
PodAffinity preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[] requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm[] requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm[]
EnvVar name!:text value:text valueFrom:EnvVarSource
EnvFromSource configMapRef:ConfigMapEnvSource prefix:text secretRef:SecretEnvSource
Lifecycle postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:text
Probe exec:ExecAction failureThreshold:integer grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:integer periodSeconds:integer successThreshold:integer tcpSocket:TCPSocketAction terminationGracePeriodSeconds:integer timeoutSeconds:integer
ContainerPort containerPort!:integer hostIP:text hostPort:integer name:text protocol:text
ContainerResizePolicy resourceName!:text restartPolicy!:text
ContainerRestartRule action!:text exitCodes:ContainerRestartRuleOnExitCodes
SecurityContext allowPrivilegeEscalation:boolean appArmorProfile:AppArmorProfile capabilities:Capabilities privileged:boolean procMount:text readOnlyRootFilesystem:boolean runAsGroup:integer runAsNonRoot:boolean runAsUser:integer seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
VolumeDevice devicePath!:text name!:text
VolumeMount mountPath!:text mountPropagation:text name!:text readOnly:boolean recursiveReadOnly:text subPath:text subPathExpr:text
PodDNSConfigOption name:text value:text
ResourceClaim name!:text request:text
AppArmorProfile localhostProfile:text type!:text
SELinuxOptions level:text role:text type:text user:text
SeccompProfile localhostProfile:text type!:text
Sysctl name!:text value!:text
WindowsSecurityContextOptions gmsaCredentialSpec:text gmsaCredentialSpecName:text hostProcess:boolean runAsUserName:text
AzureFileVolumeSource readOnly:boolean secretName!:text shareName!:text
CephFSVolumeSource monitors!:text[] path:text readOnly:boolean secretFile:text secretRef:LocalObjectReference user:text
CinderVolumeSource fsType:text readOnly:boolean secretRef:LocalObjectReference volumeID!:text
ConfigMapVolumeSource defaultMode:integer items:KeyToPath[] name:text optional:boolean
CSIVolumeSource driver!:text fsType:text nodePublishSecretRef:LocalObjectReference readOnly:boolean volumeAttributes:text{}
DownwardAPIVolumeSource defaultMode:integer items:DownwardAPIVolumeFile[]
EmptyDirVolumeSource medium:text sizeLimit:quantity
EphemeralVolumeSource volumeClaimTemplate:PersistentVolumeClaimTemplate
FlexVolumeSource driver!:text fsType:text options:text{} readOnly:boolean secretRef:LocalObjectReference
GitRepoVolumeSource directory:text repository!:text revision:text
GlusterfsVolumeSource endpoints!:text path!:text readOnly:boolean
ImageVolumeSource pullPolicy:text reference:text
ISCSIVolumeSource chapAuthDiscovery:boolean chapAuthSession:boolean fsType:text initiatorName:text iqn!:text iscsiInterface:text lun!:integer portals:text[] readOnly:boolean secretRef:LocalObjectReference targetPortal!:text
PersistentVolumeClaimVolumeSource claimName!:text readOnly:boolean
ProjectedVolumeSource defaultMode:integer sources:VolumeProjection[]
RBDVolumeSource fsType:text image!:text keyring:text monitors!:text[] pool:text readOnly:boolean secretRef:LocalObjectReference user:text
ScaleIOVolumeSource fsType:text gateway!:text protectionDomain:text readOnly:boolean secretRef!:LocalObjectReference sslEnabled:boolean storageMode:text storagePool:text system!:text volumeName:text
SecretVolumeSource defaultMode:integer items:KeyToPath[] optional:boolean secretName:text
StorageOSVolumeSource fsType:text readOnly:boolean secretRef:LocalObjectReference volumeName:text volumeNamespace:text
ScopedResourceSelectorRequirement operator!:text scopeName!:text values:text[]
ClientIPConfig timeoutSeconds:integer
ApiextensionsV1WebhookClientConfig caBundle:text service:ApiextensionsV1ServiceReference url:text
CustomResourceSubresourceScale labelSelectorPath:text specReplicasPath!:text statusReplicasPath!:text
HPAScalingPolicy periodSeconds!:integer type!:text value!:integer
MetricTarget averageUtilization:integer averageValue:quantity type!:text value:quantity
MetricIdentifier name!:text selector:LabelSelector
PodFailurePolicyOnExitCodesRequirement containerName:text operator!:text values!:integer[]
PodFailurePolicyOnPodConditionsPattern status!:text type!:text
ServiceBackendPort name:text number:integer
HTTPIngressPath backend!:IngressBackend path:text pathType!:text
IPBlock cidr!:text except:text[]
NodeSelectorTerm matchExpressions:NodeSelectorRequirement[] matchFields:NodeSelectorRequirement[]
PreferredSchedulingTerm preference!:NodeSelectorTerm weight!:integer
WeightedPodAffinityTerm podAffinityTerm!:PodAffinityTerm weight!:integer
PodAffinityTerm labelSelector:LabelSelector matchLabelKeys:text[] mismatchLabelKeys:text[] namespaceSelector:LabelSelector namespaces:text[] topologyKey!:text
EnvVarSource configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
ConfigMapEnvSource name:text optional:boolean
SecretEnvSource name:text optional:boolean
LifecycleHandler exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
ExecAction command:text[]
GRPCAction port!:integer service:text
HTTPGetAction host:text httpHeaders:HTTPHeader[] path:text port!:port scheme:text
TCPSocketAction host:text port!:port
ContainerRestartRuleOnExitCodes operator!:text values:integer[]
Capabilities add:text[] drop:text[]
KeyToPath key!:text mode:integer path!:text
DownwardAPIVolumeFile fieldRef:ObjectFieldSelector mode:integer path!:text resourceFieldRef:ResourceFieldSelector
PersistentVolumeClaimTemplate metadata:ObjectMeta spec!:PersistentVolumeClaimSpec
VolumeProjection clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection
ApiextensionsV1ServiceReference name!:text namespace!:text path:text port:integer
NodeSelectorRequirement key!:text operator!:text values:text[]
ConfigMapKeySelector key!:text name:text optional:boolean
ObjectFieldSelector apiVersion:text fieldPath!:text
FileKeySelector key!:text optional:boolean path!:text volumeName!:text
ResourceFieldSelector containerName:text divisor:quantity resource!:text
SecretKeySelector key!:text name:text optional:boolean
SleepAction seconds!:integer
HTTPHeader name!:text value!:text
ClusterTrustBundleProjection labelSelector:LabelSelector name:text optional:boolean path!:text signerName:text
ConfigMapProjection items:KeyToPath[] name:text optional:boolean
DownwardAPIProjection items:DownwardAPIVolumeFile[]
PodCertificateProjection certificateChainPath:text credentialBundlePath:text keyPath:text keyType!:text maxExpirationSeconds:integer signerName!:text
SecretProjection items:KeyToPath[] name:text optional:boolean
ServiceAccountTokenProjection audience:text expirationSeconds:integer path!:text
`;

/** The version whose API this is: a newer server may know more fields. */
export const fieldsVersion = '1.34';
