// sdk/web/src/open-channel.ts
function e(e) {
	return `${e}/pushes/opened`;
}
function t(e) {
	return JSON.stringify({
		tenant_id: e.tenantId,
		api_key: e.apiKey,
		tracking_token: e.trackingToken
	});
}
// sdk/web/src/post.ts
var n = [
	400,
	401,
	403,
	409,
	413
];
async function r(e, t) {
	try {
		let r = await fetch(e, {
			method: "POST",
			body: t,
			keepalive: !0,
			credentials: "omit",
			..."timeout" in AbortSignal ? { signal: AbortSignal.timeout(1e4) } : {}
		});
		return r.ok ? {
			kind: "accepted",
			answer: await r.json()
		} : n.includes(r.status) ? {
			kind: "refused",
			status: r.status,
			reason: await r.text()
		} : {
			kind: "failed",
			retryAfterMs: Number(r.headers.get("Retry-After")) * 1e3 || 0
		};
	} catch {
		return { kind: "failed" };
	}
}
// sdk/web/src/retry.ts
var i = 1e3, a = 6e4, o = 36e5;
function s(e, t) {
	let n = Math.min(i * 2 ** (e - 1), a);
	return Math.max(n, Math.min(t, o)) * (1 + Math.random() / 2);
}
// sdk/web/src/warn.ts
function c(e) {
	console.warn(`[Carillon] ${e}`);
}
// sdk/web/service-worker/open-queue.ts
var l = 1e3, u = "opens";
async function d(e) {
	let t = indexedDB.open(e, 1);
	t.onupgradeneeded = () => {
		t.result.createObjectStore(u, {
			keyPath: "order",
			autoIncrement: !0
		}).createIndex("token", "token", { unique: !0 });
	};
	let n = await f(t);
	async function r(e) {
		let t = n.transaction(u, "readwrite"), r = new Promise((e, n) => {
			t.oncomplete = () => e(), t.onabort = () => n(t.error);
		});
		await Promise.all([e(t.objectStore(u)), r]);
	}
	return {
		add: (e) => r(async (t) => {
			if (await f(t.index("token").count(e)) > 0 || (await f(t.add({ token: e })), await f(t.count()) <= l)) return;
			let n = await f(t.openKeyCursor());
			n !== null && await f(t.delete(n.primaryKey));
		}),
		async list() {
			return (await f(n.transaction(u).objectStore(u).getAll())).map(({ token: e }) => e);
		},
		remove: (e) => r(async (t) => {
			let n = await f(t.index("token").getKey(e));
			n !== void 0 && await f(t.delete(n));
		})
	};
}
function f(e) {
	return new Promise((t, n) => {
		e.onsuccess = () => t(e.result), e.onerror = () => n(e.error);
	});
}
// sdk/web/service-worker/notification-clicks.ts
var p = "carillon-opens", m = 1e4;
function h(n) {
	let { endpoint: i, tenantId: a, apiKey: o, trackingToken: l = _ } = n, u = e(i.replace(/\/+$/, "")), f, p = Promise.resolve();
	function h() {
		return f ?? (f = d(`carillon:${a}:${o}`)), f;
	}
	async function v(e) {
		let n = await r(u, t({
			tenantId: a,
			apiKey: o,
			trackingToken: e
		}));
		return n.kind === "refused" && c(`open not accepted and dropped: ${n.status} ${n.reason}`), n;
	}
	async function y() {
		let e = await h(), t = 0;
		for (let [n] = await e.list(); n !== void 0; [n] = await e.list()) {
			let r = await v(n);
			if (r.kind !== "failed") {
				await e.remove(n), t = 0;
				continue;
			}
			t++;
			let i = s(t, r.retryAfterMs ?? 0);
			if (t > 5 || i > m) return g();
			await new Promise((e) => setTimeout(e, i));
		}
	}
	function b() {
		return p = p.then(y, y), p;
	}
	async function x(e) {
		try {
			await (await h()).add(e);
		} catch {
			await v(e);
			return;
		}
		await b();
	}
	addEventListener("notificationclick", (e) => {
		let { notification: t } = e, n = l(t.data);
		n !== void 0 && e.waitUntil(x(n));
	});
	for (let e of [
		"activate",
		"push",
		"sync"
	]) addEventListener(e, (e) => e.waitUntil(b()));
}
async function g() {
	let { sync: e } = globalThis.registration;
	try {
		await e?.register(p);
	} catch (e) {
		c(`opens wait for the next notification: ${e}`);
	}
}
function _(e) {
	let t = typeof e == "object" && e && "tracking_token" in e ? e.tracking_token : void 0;
	return typeof t == "string" ? t : void 0;
}
export { h as reportNotificationClicks };
