/** Where the gateway is told what it shows the services in X-Proxy-Token. */
export const proxyTokenVariable = 'TRUSTED_PROXY_TOKEN';
/** That token's id among the generated secrets. */
export const proxyTokenId = `gateway/${proxyTokenVariable}`;
