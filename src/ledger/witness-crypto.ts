/** The same pieces by an earlier name, for archives. */
export { nodeCrypto as serverCrypto } from './node-crypto.ts';
