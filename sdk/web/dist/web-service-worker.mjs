// sdk/web/src/gateway-url.ts
function e(e) {
	let { protocol: t, origin: n, pathname: r } = new URL(e);
	if (!/^https?:$/.test(t)) throw TypeError(`endpoint: ${e} is no http or https URL`);
	return n + r.replace(/\/+$/, "");
}
// sdk/web/src/open-channel.ts
function t(e) {
	return `${e}/pushes/opened`;
}
function n(e) {
	return JSON.stringify({
		tenant_id: e.tenantId,
		api_key: e.apiKey,
		tracking_token: e.trackingToken
	});
}
function r(e) {
	return e?.success === !0;
}
// sdk/web/src/post.ts
var i = [
	400,
	401,
	403,
	409,
	413
];
async function a(e, t) {
	try {
		let n = await fetch(e, {
			method: "POST",
			body: t,
			keepalive: !0,
			credentials: "omit",
			..."timeout" in AbortSignal ? { signal: AbortSignal.timeout(1e4) } : {}
		}), { ok: r, status: a, headers: s } = n;
		return r ? {
			kind: "accepted",
			answer: await n.json()
		} : i.includes(a) ? {
			kind: "refused",
			status: a,
			reason: await n.text()
		} : {
			kind: "failed",
			reason: `${e} answers ${a}`,
			retryAfterMs: o(s.get("Retry-After"))
		};
	} catch (t) {
		return {
			kind: "failed",
			reason: `${e}: ${t}`
		};
	}
}
function o(e) {
	return Number(e) * 1e3 || Date.parse(e ?? "") - Date.now() || 0;
}
// sdk/web/src/retry.ts
var s = 1e3, c = 6e4, l = 36e5;
function u(e, t) {
	let n = Math.min(s * 2 ** (e - 1), c);
	return Math.max(n, Math.min(t, l)) * (1 + Math.random() / 2);
}
// sdk/web/src/warn.ts
function d(e) {
	console.warn(`[Carillon] ${e}`);
}
// sdk/web/service-worker/open-queue.ts
var f = 1e3, p = "opens";
async function m(e) {
	let t = indexedDB.open(e, 1);
	t.onupgradeneeded = () => {
		t.result.createObjectStore(p, {
			keyPath: "order",
			autoIncrement: !0
		}).createIndex("token", "token", { unique: !0 });
	};
	let n = await h(t);
	async function r(e) {
		let t = n.transaction(p, "readwrite"), r = new Promise((e, n) => {
			t.oncomplete = () => e(), t.onabort = () => n(t.error);
		});
		await Promise.all([e(t.objectStore(p)), r]);
	}
	return {
		add: (e) => r(async (t) => {
			if (await h(t.index("token").count(e)) > 0 || (await h(t.add({ token: e })), await h(t.count()) <= f)) return;
			let n = await h(t.openKeyCursor());
			n !== null && await h(t.delete(n.primaryKey));
		}),
		async list() {
			return (await h(n.transaction(p).objectStore(p).getAll())).map(({ token: e }) => e);
		},
		remove: (e) => r(async (t) => {
			let n = await h(t.index("token").getKey(e));
			n !== void 0 && await h(t.delete(n));
		})
	};
}
function h(e) {
	return new Promise((t, n) => {
		e.onsuccess = () => t(e.result), e.onerror = () => n(e.error);
	});
}
// sdk/web/service-worker/notification-clicks.ts
var g = "carillon-opens", _ = 1e4;
function v(i) {
	let { endpoint: o, tenantId: s, apiKey: c, trackingToken: l = b } = i, f = t(e(o)), p, h = Promise.resolve();
	function g() {
		return p ?? (p = m(`carillon:${s}:${c}`)), p;
	}
	async function v(e) {
		let t = await a(f, n({
			tenantId: s,
			apiKey: c,
			trackingToken: e
		}));
		return t.kind === "refused" && d(`open not accepted and dropped: ${t.status} ${t.reason}`), t.kind === "accepted" && !r(t.answer) ? {
			kind: "failed",
			reason: "the answer is not the gateway's"
		} : t;
	}
	async function x() {
		let e = await g(), t = 0;
		for (let [n] = await e.list(); n !== void 0; [n] = await e.list()) {
			let r = await v(n);
			if (r.kind !== "failed") {
				await e.remove(n), t = 0;
				continue;
			}
			t++;
			let i = u(t, r.retryAfterMs ?? 0);
			if (t > 5 || i > _) return y();
			await new Promise((e) => setTimeout(e, i));
		}
	}
	function S() {
		return h = h.then(x, x), h;
	}
	async function C(e) {
		try {
			await (await g()).add(e);
		} catch {
			await v(e);
			return;
		}
		await S();
	}
	addEventListener("notificationclick", (e) => {
		let { notification: t } = e, n = l(t.data);
		n !== void 0 && e.waitUntil(C(n));
	});
	for (let e of [
		"activate",
		"push",
		"sync"
	]) addEventListener(e, (e) => e.waitUntil(S()));
}
async function y() {
	let { sync: e } = globalThis.registration;
	try {
		await e?.register(g);
	} catch (e) {
		d(`opens wait for the next notification: ${e}`);
	}
}
function b(e) {
	let t = typeof e == "object" && e && "tracking_token" in e ? e.tracking_token : void 0;
	return typeof t == "string" ? t : void 0;
}
export { v as reportNotificationClicks };
