/**
 * The digests of the contracts that Waybill ships: the only ones that a trial signs by itself. A
 * version that a clinic writes, wherever it lies, is not among them and needs real signatures.
 */

/** Hexadecimal digests of contract and dictionary; a shipped text never changes. */
export const shippedDigests: ReadonlySet<string> = new Set([
  '4a64e2db8c36aa45709d2bb1c5b55ab8afc24745c246911a397eef3a98ea0abe', // areumnuri.v1
  '27b00f108ba1ed153978b2119001db9ff5e62678387d7a5f49a0cb36c9068b1c', // bioage.v1
  'ec91d8693bd18091008bc996c263cf15c9ebfcb83c6ec45bed472098000a05e0', // bml.v1
  'd048051e40562bed0fb7ba8d11c679979d3e4a38decdc71f58819dfd87330e38', // engitech.v1
  '13f4b680d3164d64327522773ef488fb9fb8e4dba3616eb78edd98ef32295463', // eone.v1
  '38a6b39308df4570df68ec4771117b9170d73031f9ac061fb922a4315e2b1021', // greencross.v1
  '41b863fefc55ce0e73cee6c1d0ca04b2a8ffa28673338fac53a2786377032131', // infinite.v1
  '8de098e4cc2d95a2b4b1a6ad96c912304163354042e595602b424e59fec46668', // infonet.v1
  '7b0b19cfc723e3b4510294891d10e9549f462b06021d56b608b6f14c2258b055', // korea-post.v1
  'ae1e9aba55d064ce8bdb3087325792a8aa8fcee0dd1215e71fef17bdd0d57435', // lctech.v1
  '8f51e907926d7329df0a5e80478c4dd0db8d04dea1c78cac2a5831de2ef0ea69', // mediage.v1
  'ea69cfa1833a1545edf4d8d7506455cb60665eb82a4230973f9e17982d657a09', // medifix.v1
  '5f5cc235136579f97dca808245424e570ac6f6608256f23bb74ec45beadfceb8', // medigene.v1
  'a63719992d599bd79770e435b63d40e518ff570538ce36088f91034f31747efe', // s1.v1
  '22e5a41bc9f353d7bc56a240d8e36be8062b39ef132481d25d98863662f72d1e', // samkwang.v1
  'ad819637d8eed1541c282a55b426d1e67ef26067fabe0a9f6d6cf4d52003c363', // sk-chemicals.v1
  'e1d632a2cdd8c73359ecb5edab750317029325e818851d86d7bfce35f84fb410', // tnc-pathology.v1
]);
