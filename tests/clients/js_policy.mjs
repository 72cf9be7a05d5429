// A second factor required, and a step that is too old, through the official JavaScript client, in Node:
//   node js_policy.mjs URL ANON_KEY SERVICE_KEY PATH_OF_NODE_MODULES
// The server: COUNTERSIGN_MFA_REQUIRED_ROLES=staff, COUNTERSIGN_MFA_ENROLL_GRACE=6s, COUNTERSIGN_MFA_MAX_AGE=9s.
// Ends with 'N passed, N failed'.
import { createHmac, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { strict as assert } from 'node:assert'

const [url, anonKey, serviceKey, modules] = process.argv.slice(2)
const { createClient } = createRequire(modules + '/')('@supabase/supabase-js')
const PASSWORD = 'correct horse battery staple'
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
let passed = 0
let failed = 0

function totp(secret, step) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0')
}

async function stepNow() {
  while ((Date.now() / 1000) % 30 > 26) await wait(300)
  return Math.floor(Date.now() / 30000)
}

async function step(name, call) {
  try {
    await call()
    passed++
    console.log('ok    js: policy: ' + name)
  } catch (e) {
    failed++
    console.log('FAIL  js: policy: ' + name + ' - ' + String(e && e.message || e).slice(0, 400))
  }
}

function client(key) {
  return createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: class {} } })
}

function good({ data, error }) {
  assert.equal(error, null, error && `${error.status} ${error.code} ${error.message}`)
  return data
}

function refused({ data, error }, words) {
  assert.ok(error, 'wanted insufficient_aal, got ' + JSON.stringify(data))
  assert.deepEqual([error.status, error.code], [403, 'insufficient_aal'], error.message)
  assert.ok(error.message.includes(words), error.message)
}

async function staff() {
  const email = `js-${randomUUID()}@example.com`
  good(await client(serviceKey).auth.admin.createUser({ email, password: PASSWORD, email_confirm: true, app_metadata: { role: 'staff' } }))
  const supabase = client(anonKey)
  const { user } = good(await supabase.auth.signInWithPassword({ email, password: PASSWORD }))
  assert.equal(user.mfa_required, true)
  return { supabase, email }
}

async function level(supabase) {
  const { currentLevel, nextLevel } = good(await supabase.auth.mfa.getAuthenticatorAssuranceLevel())
  return [currentLevel, nextLevel]
}

await step('the refresh is refused, the session is good for enrolling, and is renewed from then on', async () => {
  const { supabase } = await staff()
  good(await supabase.auth.refreshSession())
  await wait(6100)
  refused(await supabase.auth.refreshSession(), 'enroll one')
  const f = good(await supabase.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'app' }))
  good(await supabase.auth.mfa.challengeAndVerify({ factorId: f.id, code: totp(f.totp.secret, await stepNow()) }))
  good(await supabase.auth.refreshSession())
  assert.deepEqual(await level(supabase), ['aal2', 'aal2'])
})

await step('with a factor: refused at aal1, renewed after the code; too old: aal1, aal2 next, and up again', async () => {
  const { supabase, email } = await staff()
  const f = good(await supabase.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'app' }))
  const now = await stepNow()
  good(await supabase.auth.mfa.challengeAndVerify({ factorId: f.id, code: totp(f.totp.secret, now) }))
  const low = client(anonKey)
  good(await low.auth.signInWithPassword({ email, password: PASSWORD }))
  refused(await low.auth.refreshSession(), 'verify it')
  await wait(9100)
  good(await supabase.auth.refreshSession())
  assert.deepEqual(await level(supabase), ['aal1', 'aal2'])
  refused(await supabase.auth.refreshSession(), 'verify it')
  good(await supabase.auth.mfa.challengeAndVerify({ factorId: f.id, code: totp(f.totp.secret, now + 1) }))
  assert.deepEqual(await level(supabase), ['aal2', 'aal2'])
  good(await supabase.auth.refreshSession())
})

await step('once the access token has ended, the client gives the refused session up', async () => {
  const { supabase } = await staff()
  const { session } = good(await supabase.auth.getSession())
  await wait(6100)
  const events = []
  const ended = { ...session, expires_at: Math.floor(Date.now() / 1000) - 1 }
  supabase.auth.onAuthStateChange((event) => events.push(event))
  await supabase.auth._saveSession(ended)
  refused(await supabase.auth.getSession(), 'enroll one')
  assert.ok(events.includes('SIGNED_OUT'), events.join())
  assert.equal(good(await supabase.auth.getSession()).session, null)
})

await step('other roles are left alone', async () => {
  const supabase = client(anonKey)
  good(await supabase.auth.signUp({ email: `js-${randomUUID()}@example.com`, password: PASSWORD }))
  await wait(6100)
  good(await supabase.auth.refreshSession())
})

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
