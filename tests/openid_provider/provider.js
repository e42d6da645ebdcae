// A certified OpenID provider that plays the national identity service: it is told its clients on standard input, says
// on standard output that it listens, and ends when its input does. Whoever signs in with an identifier is that person.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { Provider } from 'oidc-provider';

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const told = JSON.parse((await input.next()).value);
const server = createServer((request, response) => answer(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: told.clients,
  jwks: { keys: told.keys },
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (_, account, client) =>
    createHash('sha256').update(`${client.sectorIdentifier} ${account} ${told.salt}`).digest('hex'),
  clientAuthMethods: ['private_key_jwt'],
  pkce: { required: () => true },
  acrValues: told.levels,
  scopes: ['openid'],
  claims: { acr: null, auth_time: null, iss: null, openid: ['sub'], profile: told.profile, phone: told.phone },
  conformIdTokenClaims: true,
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'],
    userinfoSigningAlgValues: ['RS256', 'PS256', 'ES256'],
    userinfoEncryptionAlgValues: ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES'],
    userinfoEncryptionEncValues: ['A128GCM', 'A256GCM', 'A128CBC-HS256'],
  },
  features: {
    claimsParameter: { enabled: told.claimsParameter },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    devInteractions: { enabled: false },
  },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  cookies: { keys: [told.salt] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...told.people[id] }) }),
});

// The page of the service: whoever is named in `login` is signed in, at the level in `level`, and agrees.
async function signIn(request, response) {
  const { params, prompt } = await provider.interactionDetails(request, response);
  const asked = new URL(request.url, issuer).searchParams;
  const accountId = asked.get('login');
  if (accountId === null) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ prompt: prompt.name, params }));
    return;
  }
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims([...told.profile, ...told.phone]);
  const login = { accountId, acr: asked.get('level') };
  await provider.interactionFinished(request, response, { login, consent: { grantId: await grant.save() } });
}

const handle = provider.callback();
function answer(request, response) {
  if (!request.url.startsWith('/sign-in/')) return handle(request, response);
  return signIn(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}

process.stdout.write(`${JSON.stringify({ issuer })}\n`);
for await (const _ of input);
process.exit(0);
