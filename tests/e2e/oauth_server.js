// An authorization server on a port of its own, as strict as a real one: the device flow of RFC 8628, and refresh tokens that are good for
// one call. It remembers every call, every complaint about one, and when each poll came.
import { EventEmitter, once } from 'node:events';
import http from 'node:http';

export const kClientId = '17e5f671-d194-4dfb-9706-5516cb48c098';
const kDeviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export async function startOAuth(options = {}) {
  const server = new OAuthServer(options);
  await server.listen();
  return server;
}

const refused = (error, description) => ({ status: 400, body: { error, error_description: description } });

class OAuthServer extends EventEmitter {
  calls = [];       // { path, form, at }
  complaints = [];  // what a client did wrong
  granted = 0;      // tokens given, by either grant
  #decisions = [];
  #troubles = [];
  #refreshToken;
  #revoked = false;

  // `interval` and `life` (of the device code) in seconds, `expiresIn` of access tokens.
  constructor({ interval = 0, life = 60, expiresIn = 3600 }) {
    super();
    Object.assign(this, { interval, life, expiresIn });
  }

  async listen() {
    this.server = http.createServer((req, res) => this.#serve(req, res).catch((error) => { this.complaints.push(error.message); res.destroy(); }));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
    if (this.complaints.length > 0) throw new Error(`complaints of the authorization server: ${this.complaints.join('; ')}`);
  }

  // What each poll gets, in order: 'authorization_pending', 'slow_down', 'access_denied', 'expired_token', or 'yes'; the last one stays.
  decide(...decisions) { this.#decisions = decisions; return this; }
  // Statuses with which the next refreshes fail.
  trouble(...statuses) { this.#troubles = statuses; return this; }
  // The refresh token is worth nothing from now on.
  revoke() { this.#revoked = true; }

  get polls() { return this.#callsWith(kDeviceGrant); }
  get refreshes() { return this.#callsWith('refresh_token'); }
  #callsWith(grant) { return this.calls.filter(({ form }) => form?.grant_type === grant); }

  // Tokens as if a login had taken place: the content of a login file.
  issue(more = {}) {
    const tokens = this.#grant();
    return { ...tokens, expires_at: Date.now() / 1000 + this.expiresIn, ...more };
  }

  #grant() {
    this.granted += 1;
    this.#revoked = false;
    this.accessToken = `access-token-${this.granted}-${'a'.repeat(12)}`;
    this.#refreshToken = `refresh-token-${this.granted}-${'r'.repeat(12)}`;
    this.emit('granted', this.accessToken);
    return { access_token: this.accessToken, refresh_token: this.#refreshToken, expires_in: this.expiresIn, scope: 'kimi-code',
      token_type: 'Bearer' };
  }

  async #serve(req, res) {
    const at = performance.now();
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const form = this.#form(req, Buffer.concat(chunks).toString());
    this.calls.push({ path: req.url, form, at });
    this.emit('call');
    const { status, body } = this.#answer(req.url, form);
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  // A form without duplicates, under its own content type, in a POST.
  #form(req, text) {
    const complain = (what) => { this.complaints.push(`${req.method} ${req.url}: ${what}`); };
    if (req.method !== 'POST') complain('not a POST');
    if (req.headers['content-type'] !== 'application/x-www-form-urlencoded') complain(`content-type ${req.headers['content-type']}`);
    if (req.headers.authorization) complain('an authorization header');
    const fields = [...new URLSearchParams(text)];
    const form = Object.fromEntries(fields);
    if (Object.keys(form).length !== fields.length) complain('a field twice');
    if (form.client_id !== kClientId) complain(`client_id ${form.client_id}`);
    return form;
  }

  #expect(form, ...names) {
    const given = Object.keys(form).sort().join(' ');
    if (given !== names.sort().join(' ')) this.complaints.push(`fields ${given} instead of ${names.join(' ')}`);
  }

  #answer(path, form) {
    if (path === '/api/oauth/device_authorization') return this.#device(form);
    if (path !== '/api/oauth/token') return { status: 404, body: { error: 'not_found' } };
    if (form.grant_type === kDeviceGrant) return this.#poll(form);
    if (form.grant_type === 'refresh_token') return this.#refresh(form);
    this.complaints.push(`grant_type ${form.grant_type}`);
    return refused('unsupported_grant_type', 'no such grant');
  }

  #device(form) {
    this.#expect(form, 'client_id');
    return { status: 200, body: { device_code: 'device+code/1=', user_code: 'WDJB-MJHT', verification_uri: `${this.url}/device`,
      verification_uri_complete: `${this.url}/device?user_code=WDJB-MJHT`, expires_in: this.life, interval: this.interval } };
  }

  #poll(form) {
    this.#expect(form, 'client_id', 'device_code', 'grant_type');
    if (form.device_code !== 'device+code/1=') return refused('invalid_grant', 'no such device code');
    const decision = this.#decisions.length > 1 ? this.#decisions.shift() : this.#decisions[0];
    return decision === 'yes' ? { status: 200, body: this.#grant() } : refused(decision, `scripted ${decision}`);
  }

  #refresh(form) {
    this.#expect(form, 'client_id', 'grant_type', 'refresh_token');
    if (this.#troubles.length > 0) return { status: this.#troubles.shift(), body: { error: 'temporarily_unavailable' } };
    if (this.#revoked) return refused('invalid_grant', 'the login was revoked');
    // A token that was spent before is theft, or a client without a lock: a real server ends the login.
    if (form.refresh_token !== this.#refreshToken) {
      this.complaints.push(`the refresh token ${form.refresh_token} was spent or never given`);
      return refused('invalid_grant', 'spent');
    }
    return { status: 200, body: this.#grant() };
  }
}
