/** Names what kept a reply from coming, in closed codes that hold nothing a receiver wrote. */

const failureCodes: Readonly<Record<string, string>> = {
  ADDRESS_REFUSED: 'address-refused',
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  UND_ERR_SOCKET: 'connection-reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  REPLY_TOO_LARGE: 'reply-too-large',
  UND_ERR_HEADERS_OVERFLOW: 'reply-too-large',
};

const tlsFailure =
  /^(EPROTO|ERR_SSL|ERR_TLS|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** @param error what a post was rejected with */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'network';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return tlsFailure.test(code) ? 'tls' : (failureCodes[code] ?? 'network');
}
