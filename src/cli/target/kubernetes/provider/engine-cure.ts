/** The cure for what container engines say most often, through whatever program they say it; undefined for the rest. */
export function engineCure(text: string): string | undefined {
  if (/Cannot connect to the Docker daemon|docker daemon.*not running|PROVIDER_DOCKER_NOT_RUNNING/i.test(text)) {
    return 'Start Docker, then try again; or run hwctl up --target local';
  }
  if (/permission denied.*docker\.sock|PROVIDER_DOCKER_NEWGRP/i.test(text)) {
    return 'Add yourself to the group docker: sudo usermod -aG docker $USER && newgrp docker';
  }
  if (/No space left|RSRC_DOCKER_STORAGE/i.test(text))
    return 'Free some disk space: docker system df shows what uses it';
  return undefined;
}
