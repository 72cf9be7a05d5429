// Every account call through the official JavaScript clients, @supabase/supabase-js and then @supabase/auth-js by itself, against a server
// that wants addresses confirmed:
//   node js_accounts.mjs URL ANON_KEY SERVICE_KEY MAIL_DIR SMS_DIR DATABASE PATH_OF_NODE_MODULES
// Prints a line a step and ends with 'N passed, N failed'.
import { execFileSync } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { strict as assert } from 'node:assert'

const [url, anonKey, serviceKey, mailDir, smsDir, database, modules] = process.argv.slice(2)
const require = createRequire(modules + '/')
const { createClient } = require('@supabase/supabase-js')
const { GoTrueClient } = require('@supabase/auth-js')
const PASSWORD = 'correct horse battery'
const OTHER = 'another horse battery'
const SITE = 'http://localhost:3000'
let passed = 0
let failed = 0

const address = () => `ja-${randomUUID().slice(0, 13)}@example.com`
const phone = () => '15' + String(randomInt(1e10, 1e11 - 1))
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

// a storage of its own, as a browser has: a PKCE verifier outlives the call there
function memory() {
  const kept = new Map()
  return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v), removeItem: (k) => void kept.delete(k) }
}

const makers = {
  'supabase-js': (key = anonKey, flowType = 'implicit') =>
    createClient(url, key, { auth: { persistSession: true, storage: memory(), autoRefreshToken: false, detectSessionInUrl: false, flowType }, realtime: { transport: class {} } }).auth,
  'auth-js': (key = anonKey, flowType = 'implicit') =>
    new GoTrueClient({ url: url + '/auth/v1', headers: { apikey: key, Authorization: `Bearer ${key}` }, storageKey: randomUUID(), persistSession: true, storage: memory(), autoRefreshToken: false, detectSessionInUrl: false, flowType }),
}

function good({ data, error }) {
  assert.equal(error, null, error && `${error.status} ${error.code} ${error.message}`)
  return data
}

function refused({ data, error }, code, status) {
  assert.ok(error, 'wanted ' + code + ', got ' + JSON.stringify(data))
  assert.equal(error.code, code, `${error.status} ${error.code} ${error.message}`)
  assert.equal(error.status, status)
}

// the client makes an error of its own of a session that the server no longer has
function ended({ error }) {
  assert.equal(error?.name, 'AuthSessionMissingError', `${error?.status} ${error?.code} ${error?.message}`)
}

async function nth(folder, mark, n, what) {
  for (let i = 0; i < 80; i++) {
    const found = readdirSync(folder).filter((f) => !f.startsWith('.')).sort().map((f) => readFileSync(`${folder}/${f}`, 'utf8')).filter((t) => what(t).includes(mark))
    if (found.length >= n) return found[n - 1]
    await pause(100)
  }
  throw new Error(`no message ${n} to ${mark}`)
}

// the n-th mail to an address: its code, its link, and the token in the link
async function mail(to, n = 1) {
  const raw = await nth(mailDir, to, n, (t) => /^To: .*$/m.exec(t)?.[0] ?? '')
  const text = raw.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)))
  const link = /https?:\/\/\S+[?&]token=[^\s"<]+/.exec(text)?.[0].replaceAll('&amp;', '&')
  const code = /(?<![\w.@-])\d{6}(?![\w@-])/.exec(text.slice(text.indexOf('\n\n') + 1 || text.indexOf('\r\n\r\n')).replace(/https?:\S+/g, ' '))?.[0]
  const query = link && new URL(link).searchParams
  return { link, code, hash: query?.get('token'), type: query?.get('type'), redirect: query?.get('redirect_to') }
}

async function sms(to, n = 1) {
  return JSON.parse(await nth(smsDir, to, n, (t) => t)).code
}

async function follow(link) {
  const answer = await fetch(link, { redirect: 'manual' })
  assert.equal(answer.status, 303)
  const to = new URL(answer.headers.get('location'))
  return Object.fromEntries([...to.searchParams, ...new URLSearchParams(to.hash.slice(1))])
}

const methodOf = (session) => JSON.parse(Buffer.from(session.access_token.split('.')[1], 'base64url')).amr[0].method

async function walk(name, make) {
  const admin = () => make(serviceKey).admin
  async function step(what, call) {
    try {
      await call()
      passed++
      console.log(`ok    ${name}: ${what}`)
    } catch (e) {
      failed++
      console.log(`FAIL  ${name}: ${what} - ` + String((e && e.message) || e).slice(0, 500))
    }
  }
  async function confirmed() {
    const email = address()
    const { user } = good(await admin().createUser({ email, password: PASSWORD, email_confirm: true }))
    const auth = make()
    assert.equal(good(await auth.signInWithPassword({ email, password: PASSWORD })).user.id, user.id)
    return { auth, email, user }
  }

  await step('signUp, verifyOtp signup, signInWithPassword', async () => {
    const auth = make()
    const email = address()
    const { user, session } = good(await auth.signUp({ email, password: PASSWORD, options: { data: { nick: 'n' } } }))
    assert.equal(session, null)
    assert.equal(user.user_metadata.nick, 'n')
    refused(await auth.signInWithPassword({ email, password: PASSWORD }), 'email_not_confirmed', 400)
    const { code } = await mail(email)
    refused(await auth.verifyOtp({ email, token: String((Number(code) + 1) % 1000000).padStart(6, '0'), type: 'signup' }), 'otp_expired', 403)
    const done = good(await auth.verifyOtp({ email, token: code, type: 'signup' }))
    assert.ok(done.session && done.user.email_confirmed_at)
    assert.equal(good(await make().signInWithPassword({ email, password: PASSWORD })).user.id, user.id)
    const again = good(await make().signUp({ email, password: PASSWORD }))
    assert.deepEqual(again.user.identities, [])
    refused(await make().signUp({ email: address(), password: 'abc' }), 'weak_password', 422)
  })
  await step('signUp, the link, setSession', async () => {
    const auth = make()
    const email = address()
    good(await auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo: SITE + '/welcome' } }))
    const { link, redirect } = await mail(email)
    assert.equal(redirect, SITE + '/welcome')
    const fields = await follow(link)
    assert.equal(fields.type, 'signup')
    const { session } = good(await auth.setSession(fields))
    assert.equal(session.user.email, email)
    assert.equal((await follow(link)).error_code, 'otp_expired')
  })
  await step('signUp with PKCE, exchangeCodeForSession', async () => {
    const auth = make(anonKey, 'pkce')
    const email = address()
    good(await auth.signUp({ email, password: PASSWORD }))
    const { code } = await follow((await mail(email)).link)
    const { session, user } = good(await auth.exchangeCodeForSession(code))
    assert.equal(user.email, email)
    assert.equal(methodOf(session), 'email/signup')
    assert.ok((await auth.exchangeCodeForSession(code)).error, 'a code was exchanged twice')
  })
  await step('signUp and verifyOtp by phone', async () => {
    const auth = make()
    const number = phone()
    assert.equal(good(await auth.signUp({ phone: '+' + number, password: PASSWORD })).session, null)
    const { user } = good(await auth.verifyOtp({ phone: '+' + number, token: await sms(number), type: 'sms' }))
    assert.equal(user.phone, number)
    assert.equal(good(await make().signInWithPassword({ phone: '+' + number, password: PASSWORD })).user.id, user.id)
  })
  await step('signInAnonymously, made permanent', async () => {
    const auth = make()
    const { user } = good(await auth.signInAnonymously({ options: { data: { k: 1 } } }))
    assert.equal(user.is_anonymous, true)
    const email = address()
    assert.equal(good(await auth.updateUser({ email })).user.new_email, email)
    const after = good(await auth.verifyOtp({ email, token: (await mail(email)).code, type: 'email_change' }))
    assert.equal(after.user.is_anonymous, false)
    assert.equal(after.user.id, user.id)
  })
  await step('signInWithOtp by e-mail, code and hash', async () => {
    const auth = make()
    const email = address()
    refused(await auth.signInWithOtp({ email, options: { shouldCreateUser: false } }), 'otp_disabled', 422)
    good(await auth.signInWithOtp({ email, options: { data: { from: 'otp' } } }))
    const { user } = good(await auth.verifyOtp({ email, token: (await mail(email)).code, type: 'email' }))
    assert.equal(user.user_metadata.from, 'otp')
    await pause(20)
    good(await auth.signInWithOtp({ email }))
    const { hash, type } = await mail(email, 2)
    assert.equal(type, 'magiclink')
    assert.equal(good(await auth.verifyOtp({ token_hash: hash, type: 'email' })).user.id, user.id)
  })
  await step('signInWithOtp with PKCE', async () => {
    const { email, user } = await confirmed()
    const auth = make(anonKey, 'pkce')
    good(await auth.signInWithOtp({ email }))
    const { code } = await follow((await mail(email)).link)
    const done = good(await auth.exchangeCodeForSession(code))
    assert.equal(done.user.id, user.id)
    assert.equal(methodOf(done.session), 'magiclink')
  })
  await step('signInWithOtp by phone', async () => {
    const auth = make()
    const number = phone()
    good(await auth.signInWithOtp({ phone: number }))
    assert.equal(good(await auth.verifyOtp({ phone: number, token: await sms(number), type: 'sms' })).user.phone, number)
  })
  for (const flow of ['implicit', 'pkce']) {
    await step(`resetPasswordForEmail, updateUser (${flow})`, async () => {
      const { email, user } = await confirmed()
      const auth = make(anonKey, flow)
      good(await auth.resetPasswordForEmail(email, { redirectTo: SITE + '/reset' }))
      const { code, link, type, redirect } = await mail(email)
      assert.deepEqual([type, redirect], ['recovery', SITE + '/reset'])
      const done = flow === 'pkce' ? good(await auth.exchangeCodeForSession((await follow(link)).code)) : good(await auth.verifyOtp({ email, token: code, type: 'recovery' }))
      assert.equal(done.user.id, user.id)
      good(await auth.updateUser({ password: OTHER }))
      refused(await make().signInWithPassword({ email, password: PASSWORD }), 'invalid_credentials', 400)
      good(await make().signInWithPassword({ email, password: OTHER }))
    })
  }
  await step('resend', async () => {
    const auth = make()
    const email = address()
    good(await auth.signUp({ email, password: PASSWORD }))
    await mail(email)
    await pause(20)
    good(await auth.resend({ type: 'signup', email }))
    good(await auth.verifyOtp({ email, token: (await mail(email, 2)).code, type: 'signup' }))
    const number = phone()
    good(await auth.signUp({ phone: number, password: PASSWORD }))
    await pause(20)
    good(await auth.resend({ type: 'sms', phone: number }))
    good(await auth.verifyOtp({ phone: number, token: await sms(number, 2), type: 'sms' }))
  })
  await step('reauthenticate, updateUser with the nonce', async () => {
    const { auth, email } = await confirmed()
    const { session } = good(await auth.getSession())
    const id = JSON.parse(Buffer.from(session.access_token.split('.')[1], 'base64url')).session_id.replaceAll('-', '')
    if (database.includes('://')) {
      execFileSync('psql', ['-XqtA', '-v', 'ON_ERROR_STOP=1', database, '-c', `update auth.sessions set created_at = created_at - interval '25 hours' where id = '${id}'`])
    } else {
      execFileSync('sqlite3', ['-cmd', '.timeout 10000', database, `update sessions set created_at = created_at - 90000000000 where hex(id) = upper('${id}')`])
    }
    refused(await auth.updateUser({ password: OTHER }), 'reauthentication_needed', 400)
    good(await auth.reauthenticate())
    refused(await auth.updateUser({ password: OTHER, nonce: '12345' }), 'reauthentication_not_valid', 422)
    good(await auth.updateUser({ password: OTHER, nonce: (await mail(email)).code }))
    good(await make().signInWithPassword({ email, password: OTHER }))
  })
  await step('updateUser: data, e-mail and phone', async () => {
    const { auth, email, user } = await confirmed()
    assert.deepEqual(good(await auth.updateUser({ data: { a: 1, b: { c: [1] } } })).user.user_metadata.b, { c: [1] })
    assert.equal('a' in good(await auth.updateUser({ data: { a: null } })).user.user_metadata, false)
    const fresh = address()
    assert.equal(good(await auth.updateUser({ email: fresh })).user.new_email, fresh)
    const half = good(await auth.verifyOtp({ email, token: (await mail(email)).code, type: 'email_change' }))
    assert.equal(half.session, null)
    const whole = good(await auth.verifyOtp({ email: fresh, token: (await mail(fresh)).code, type: 'email_change' }))
    assert.deepEqual([whole.user.email, whole.user.id], [fresh, user.id])
    const number = phone()
    good(await auth.updateUser({ phone: number }))
    assert.equal(good(await auth.verifyOtp({ phone: number, token: await sms(number), type: 'phone_change' })).user.phone, number)
    const { identities } = good(await auth.getUserIdentities())
    assert.deepEqual(identities.map((i) => i.provider), ['email', 'phone'])
    good(await auth.unlinkIdentity(identities[1]))
    assert.equal(good(await auth.getUserIdentities()).identities.length, 1)
    refused(await auth.unlinkIdentity(identities[0]), 'single_identity_not_deletable', 422)
  })
  await step('refreshSession, setSession, getClaims, signOut', async () => {
    const { auth, email, user } = await confirmed()
    const second = make()
    good(await second.signInWithPassword({ email, password: PASSWORD }))
    const before = good(await second.getSession()).session
    const after = good(await second.refreshSession()).session
    assert.notEqual(after.refresh_token, before.refresh_token)
    const copy = make()
    assert.equal(good(await copy.setSession(after)).user.id, user.id)
    assert.equal(good(await copy.getClaims()).claims.sub, user.id)
    refused(await copy.refreshSession({ refresh_token: 'a'.repeat(12) }), 'refresh_token_not_found', 400)
    const { access_token } = good(await auth.getSession()).session
    assert.equal((await second.signOut({ scope: 'others' })).error, null)
    ended(await make().getUser(access_token))
    assert.equal(good(await second.getUser()).user.id, user.id)
    assert.equal((await second.signOut({ scope: 'local' })).error, null)
    assert.equal(good(await second.getSession()).session, null)
    const [one, two] = [make(), make()]
    for (const each of [one, two]) good(await each.signInWithPassword({ email, password: PASSWORD }))
    const left = good(await two.getSession()).session.access_token
    assert.equal((await one.signOut()).error, null)
    ended(await make().getUser(left))
  })
  await step('admin: createUser, getUserById, listUsers, updateUserById, deleteUser', async () => {
    const [email, number] = [address(), phone()]
    const { user } = good(await admin().createUser({ email, phone: number, password: PASSWORD, email_confirm: true, phone_confirm: true, user_metadata: { x: 1 }, app_metadata: { plan: 'pro' } }))
    assert.deepEqual([user.email, user.phone, user.user_metadata.x, user.app_metadata.plan], [email, number, 1, 'pro'])
    refused(await admin().createUser({ email, password: PASSWORD }), 'email_exists', 422)
    assert.equal(good(await admin().getUserById(user.id)).user.email, email)
    const page = good(await admin().listUsers({ page: 1, perPage: 2 }))
    assert.equal(page.users.length, 2)
    assert.ok(page.total > 2 && page.nextPage === 2, JSON.stringify({ ...page, users: 0 }))
    assert.equal(good(await admin().updateUserById(user.id, { ban_duration: '1h', user_metadata: { y: 2 } })).user.user_metadata.y, 2)
    refused(await make().signInWithPassword({ email, password: PASSWORD }), 'user_banned', 400)
    good(await admin().updateUserById(user.id, { ban_duration: 'none', password: OTHER }))
    good(await make().signInWithPassword({ email, password: OTHER }))
    good(await admin().deleteUser(user.id, true))
    refused(await make().signInWithPassword({ email, password: OTHER }), 'invalid_credentials', 400)
    good(await admin().deleteUser(user.id))
    refused(await admin().getUserById(user.id), 'user_not_found', 404)
    refused(await make().admin.listUsers(), 'not_admin', 403)
  })
  await step('admin: inviteUserByEmail', async () => {
    const email = address()
    const { user } = good(await admin().inviteUserByEmail(email, { data: { team: 'a' }, redirectTo: SITE + '/join' }))
    assert.ok(user.invited_at && user.user_metadata.team === 'a')
    const { link, type, redirect } = await mail(email)
    assert.deepEqual([type, redirect], ['invite', SITE + '/join'])
    assert.equal(good(await make().setSession(await follow(link))).user.id, user.id)
    refused(await admin().inviteUserByEmail(email), 'email_exists', 422)
  })
  await step('admin: generateLink', async () => {
    for (const type of ['signup', 'invite', 'magiclink', 'recovery']) {
      const email = address()
      if (type === 'recovery') good(await admin().createUser({ email, password: PASSWORD, email_confirm: true }))
      const { properties, user } = good(await admin().generateLink({ type, email, password: type === 'signup' ? PASSWORD : undefined, options: { redirectTo: SITE + '/x' } }))
      assert.equal(user.email, email)
      assert.ok(/^\d{6}$/.test(properties.email_otp) && properties.action_link.includes(properties.hashed_token) && properties.redirect_to === SITE + '/x', JSON.stringify(properties))
      assert.equal(good(await make().verifyOtp({ token_hash: properties.hashed_token, type: properties.verification_type })).user.email, email)
    }
  })
  await step('admin: signOut', async () => {
    const { auth, email } = await confirmed()
    const second = make()
    good(await second.signInWithPassword({ email, password: PASSWORD }))
    const mine = good(await auth.getSession()).session.access_token
    const other = good(await second.getSession()).session.access_token
    assert.equal((await admin().signOut(mine, 'others')).error, null)
    ended(await make().getUser(other))
    assert.equal((await admin().signOut(mine)).error, null)
    ended(await make().getUser(mine))
  })
}

for (const [name, make] of Object.entries(makers)) await walk(name, make)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
