// sdk/web/src/warn.ts
function e(e) {
	console.warn(`[Carillon] ${e}`);
}
function t({ queue: e, endpoint: t, appId: r }) {
	return {
		queue: e,
		url: `${t}/v1/web/events`,
		maxItems: 50,
		body: (e) => `{"app_id":${JSON.stringify(r)},"events":[${e.map(({ text: e }) => e).join(",")}]}`,
		done(e, t) {
			let { results: r } = t ?? {};
			return e.filter((e, t) => n(r?.[t]));
		}
	};
}
function n(t) {
	return t?.status === "rejected" && e(`an event was not accepted and is dropped: ${t.error.message}`), t !== void 0 && t.status !== "retry";
}
// sdk/web/src/uuid.ts
function r() {
	if (typeof crypto.randomUUID == "function") return crypto.randomUUID();
	let e = crypto.getRandomValues(/* @__PURE__ */ new Uint8Array(16));
	return e[6] = e[6] & 15 | 64, e[8] = e[8] & 63 | 128, Array.from(e, (e) => e.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
// sdk/web/src/exclusive.ts
var i = 15e3;
function a(e, t) {
	let n = r();
	async function a(e) {
		let { locks: n } = navigator;
		if (n === void 0) return !1;
		let r = !1;
		try {
			await n.request(t, () => (r = !0, e()));
		} catch (e) {
			if (r) throw e;
		}
		return r;
	}
	return async (r) => {
		if (await a(r)) return 0;
		let [o, s] = e.get(t)?.split(" ") ?? [], c = Number(s) - Date.now();
		if (o !== n && c > 0 && c <= i) return 500;
		let l = `${n} ${Date.now() + i}`;
		if (e.set(t, l), e.get(t) !== l) return 500;
		try {
			await r();
		} finally {
			e.remove(t);
		}
		return 0;
	};
}
function o(e) {
	addEventListener("submit", ({ target: t }) => t instanceof HTMLFormElement && e(s(t)), !0);
}
function s(e) {
	let t = Reflect.get(HTMLFormElement.prototype, "elements", e), n = Array.from(t, (e) => e.getAttribute("name"));
	return {
		form_id: e.getAttribute("id") ?? void 0,
		form_name: e.getAttribute("name") ?? void 0,
		path: location.pathname,
		fields: [...new Set(n.filter(Boolean))].slice(0, 100)
	};
}
// sdk/web/src/identity.ts
function c(e, t) {
	let n = `${t}:signature`;
	return {
		user() {
			e.get(t) === void 0 && e.set(t, `web:${r()}`);
			let i = e.get(t), [a, ...o] = (e.get(n) ?? "").split(" ");
			return o.join(" ") === i ? {
				user_id: i,
				user_signature: a
			} : { user_id: i };
		},
		setUserId(i, a) {
			i === null || a === void 0 ? e.remove(n) : e.set(n, `${a} ${i}`), e.set(t, i ?? `web:${r()}`);
		}
	};
}
// sdk/web/src/open-channel.ts
function l({ queue: e, endpoint: t, tenantId: n, apiKey: r }) {
	return {
		queue: e,
		url: u(t),
		maxItems: 1,
		body: ([e]) => d({
			tenantId: n,
			apiKey: r,
			trackingToken: e.text
		}),
		done: (e) => e
	};
}
function u(e) {
	return `${e}/pushes/opened`;
}
function d(e) {
	return JSON.stringify({
		tenant_id: e.tenantId,
		api_key: e.apiKey,
		tracking_token: e.trackingToken
	});
}
// sdk/web/src/page-views.ts
function f(e) {
	let t = "";
	function n() {
		let { href: n } = location;
		if (n === t) return;
		let r = p(t || document.referrer);
		t = n, e({
			url: p(n),
			path: location.pathname,
			...r === "" ? {} : { referrer: r }
		});
	}
	n();
	for (let e of ["pushState", "replaceState"]) {
		let t = history[e];
		history[e] = function(...e) {
			t.apply(this, e), n();
		};
	}
	addEventListener("popstate", n), addEventListener("hashchange", n), addEventListener("pageshow", ({ persisted: e }) => {
		e && (t = "", n());
	});
}
function p(e) {
	if (e === "") return "";
	let { origin: t, pathname: n, hash: r } = new URL(e);
	return `${t}${n}${r.replace(/[?&=].*$/s, "")}`;
}
// sdk/web/src/queue.ts
var m = 1e3;
function h(t, n) {
	let r = 0, i = () => t.keys(n).sort();
	return {
		add(a, o) {
			let s = i();
			if (s.length >= m) {
				e(`more than ${m} events wait to be sent; the oldest are dropped`);
				for (let e of s.slice(0, s.length - m + 1)) t.remove(e);
			}
			let c = `${n}${g(Date.now(), 9)}${g(r++, 4)}.${a}`;
			return t.set(c, o), c;
		},
		items: () => i().flatMap((e) => {
			let r = t.get(e), i = Number.parseInt(e.slice(n.length, n.length + 9), 36);
			return r === void 0 ? [] : [{
				key: e,
				text: r,
				addedMs: i
			}];
		}),
		remove: (e) => t.remove(e)
	};
}
function g(e, t) {
	return e.toString(36).padStart(t, "0").slice(-t);
}
// sdk/web/src/post.ts
var _ = [
	400,
	401,
	403,
	409,
	413
];
async function v(e, t) {
	try {
		let n = await fetch(e, {
			method: "POST",
			body: t,
			keepalive: !0,
			credentials: "omit",
			..."timeout" in AbortSignal ? { signal: AbortSignal.timeout(1e4) } : {}
		});
		return n.ok ? {
			kind: "accepted",
			answer: await n.json()
		} : _.includes(n.status) ? {
			kind: "refused",
			status: n.status,
			reason: await n.text()
		} : {
			kind: "failed",
			retryAfterMs: Number(n.headers.get("Retry-After")) * 1e3 || 0
		};
	} catch {
		return { kind: "failed" };
	}
}
// sdk/web/src/retry.ts
var y = 1e3, b = 6e4, x = 36e5;
function S(e, t) {
	let n = Math.min(y * 2 ** (e - 1), b);
	return Math.max(n, Math.min(t, x)) * (1 + Math.random() / 2);
}
// sdk/web/src/sender.ts
var C = 1e3, w = 3e3, T = 6e4;
function E({ channels: t, exclusive: n, storage: r, waitKey: i, beacon: a }) {
	let o = /* @__PURE__ */ new Set(), s = /* @__PURE__ */ new Map(), c = /* @__PURE__ */ new Set(), l, u, d = !1, f = !1, p = 0, m = 0, h = Infinity;
	function g() {
		let e = Number(r.get(i) ?? 0) - Date.now();
		return e > 72e5 ? 0 : e;
	}
	function _() {
		d && (f = !0), d || l !== void 0 || (l = setTimeout(y, Math.max(0, m - Date.now(), g())));
	}
	async function y() {
		l = void 0, d = !0, f = !1;
		let e = !1;
		try {
			let t = await n(async () => {
				e = g() > 0 || await x();
			});
			t > 0 && (e = !0, m = Date.now() + t);
		} finally {
			d = !1;
		}
		(e || f) && _();
	}
	async function x() {
		let e = ({ key: e }) => o.has(e), n = ({ addedMs: e }) => Math.abs(Date.now() - e) >= w;
		for (let r of [e, n]) for (let e of t) {
			let t = E(e, T, r);
			if (t.length > 0) return O(e, t);
		}
		return u === void 0 && t.some((e) => E(e, T, () => !0).length > 0) && (u = setTimeout(() => {
			u = void 0, _();
		}, w)), !1;
	}
	function E({ queue: e, maxItems: t }, n, r) {
		let i = [], a = 0;
		for (let o of e.items()) if (!s.has(o.key) && r(o)) {
			if (a += D(o.text) + 1, i.length >= Math.min(t, h) || a > n) break;
			i.push(o);
		}
		return i;
	}
	async function O(e, t) {
		for (let { key: e, text: n } of t) s.set(e, D(n));
		try {
			return k(e, t, await v(e.url, e.body(t)));
		} finally {
			for (let { key: e } of t) s.delete(e);
		}
	}
	function k(t, n, r) {
		if (r.kind === "failed") return j(r.retryAfterMs);
		if (r.kind === "refused") return m = Date.now() + C, r.status === 400 && n.length > 1 ? (h = Math.ceil(n.length / 2), !0) : (e(`${n.length} not accepted and dropped: ${r.status} ${r.reason}`), A(t, n), !0);
		let i = t.done(n, r.answer);
		return A(t, i), i.length < n.length ? j(0) : (p = 0, h *= 2, m = Date.now() + C, !0);
	}
	function A({ queue: e }, t) {
		for (let { key: n } of t) e.remove(n), o.delete(n);
	}
	function j(e) {
		p++;
		let t = S(p, e ?? 0);
		return e === void 0 ? m = Date.now() + t : r.set(i, String(Math.ceil(Date.now() + t))), p <= (e === void 0 ? 5 : 3) || (m = Date.now() + b, p = 0, !1);
	}
	return {
		added(e) {
			o.add(e), _();
		},
		launch() {
			p = 0, m = 0, clearTimeout(l), l = void 0, _();
		},
		hide() {
			if (!(g() > 0)) for (let e of t) {
				let t = E(e, T - [...s.values()].reduce((e, t) => e + t, 0), ({ key: e }) => o.has(e) && !c.has(e));
				if (t.length !== 0) {
					if (a === void 0) O(e, t).then((e) => e && _());
					else if (a(e.url, e.body(t))) for (let { key: e } of t) c.add(e);
				}
			}
		}
	};
}
function D(e) {
	return new TextEncoder().encode(e).length;
}
// sdk/web/src/storage.ts
function O() {
	let e = /* @__PURE__ */ new Map();
	function t(e, t) {
		try {
			return e(localStorage);
		} catch {
			return t;
		}
	}
	return {
		get: (n) => e.get(n) ?? t((e) => e.getItem(n), null) ?? void 0,
		set(n, r) {
			t((e) => (e.setItem(n, r), !0), !1) ? e.delete(n) : e.set(n, r);
		},
		remove(n) {
			e.delete(n), t((e) => e.removeItem(n), void 0);
		},
		keys(n) {
			let r = t((e) => Array.from({ length: e.length }, (t, n) => e.key(n) ?? ""), []);
			return [.../* @__PURE__ */ new Set([...r, ...e.keys()])].filter((e) => e.startsWith(n));
		}
	};
}
// sdk/web/src/client.ts
var k = 128, A = 256, j = 32768, M = /[\u0000-\u001f\u007f-\u009f]/, N = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, P = /^[\da-f]{64}$/i;
function F({ endpoint: n, ...i }) {
	let { appId: s, tenantId: u, apiKey: d } = i, p = O(), m = `carillon:${s}:`, g = c(p, `${m}user`), _ = h(p, `${m}event:`), v = h(p, `${m}open:`), y = u !== void 0 && d !== void 0, b = E({
		channels: [t({
			queue: _,
			endpoint: n,
			appId: s
		}), ...y ? [l({
			queue: v,
			endpoint: n,
			tenantId: u,
			apiKey: d
		})] : []],
		exclusive: a(p, `${m}sending`),
		storage: p,
		waitKey: `${m}wait`,
		..."keepalive" in Request.prototype ? {} : { beacon: (e, t) => navigator.sendBeacon(e, t) }
	}), x = {
		trackEvent(t, n = {}) {
			if (!L(t, k) || M.test(t)) return e(`not tracked: an event's name has 1 to ${k} characters, none of them control`);
			let i = R(n);
			if (i === void 0) return e(`${t} not tracked: its properties are no object of at most 32 KB of JSON`);
			let a = r(), o = {
				event_id: a,
				...g.user(),
				event_name: t,
				event_time: (/* @__PURE__ */ new Date()).toISOString()
			};
			b.added(_.add(a, `${JSON.stringify(o).slice(0, -1)},"properties":${i}}`));
		},
		setUserId(t, n) {
			if (t !== null && (!L(t, A) || t.startsWith("anon:"))) return e(`user id not set: it has 1 to ${A} characters and does not start with "anon:"`);
			if (n !== void 0 && !P.test(n)) return e("user id not set: a signature is 64 hex digits");
			g.setUserId(t, n);
		},
		reportPushOpened(t) {
			if (!y) return e("open not reported: init needs tenantId and apiKey for it");
			if (typeof t != "string" || !N.test(t)) return e("open not reported: a tracking token is a UUID");
			b.added(v.add(t, t));
		}
	};
	return I(() => {
		i.autoEvents === !0 && f((e) => x.trackEvent("page_viewed", e)), i.autoHook === !0 && o((e) => x.trackEvent("form_submitted", e)), addEventListener("pagehide", b.hide), addEventListener("pageshow", b.launch), addEventListener("online", b.launch), document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" ? b.hide() : b.launch()), b.launch();
	}), x;
}
function I(e) {
	let { prerendering: t } = document;
	t === !0 ? document.addEventListener("prerenderingchange", e, { once: !0 }) : e();
}
function L(e, t) {
	return typeof e == "string" && e !== "" && [...e].length <= t;
}
function R(e) {
	if (typeof e == "object" && e && !Array.isArray(e)) try {
		let t = JSON.stringify(e);
		return new TextEncoder().encode(t).length <= j ? t : void 0;
	} catch {
		return;
	}
}
// sdk/web/src/sdk.ts
var z = () => void 0, B = {
	trackEvent: z,
	setUserId: z,
	reportPushOpened: z
}, V = {
	trackEvent: (t) => e(`${t} not tracked: call init first`),
	setUserId: () => e("user id not set: call init first"),
	reportPushOpened: () => e("open not reported: call init first")
};
function H(t) {
	let n = V;
	return {
		init(r) {
			if (n !== V) return e("init was called before; this call is ignored");
			let { appId: i } = r, a = r.endpoint ?? t;
			if (typeof i != "string" || i === "") throw TypeError("init: appId is missing");
			if (a === void 0) throw TypeError("init: endpoint, the gateway's origin, is missing");
			let { href: o } = new URL(a);
			n = U(r) ? B : F({
				...r,
				endpoint: o.replace(/\/+$/, "")
			});
		},
		trackEvent: (e, t) => n.trackEvent(e, t),
		setUserId: (e, t) => n.setUserId(e, t),
		reportPushOpened: (e) => n.reportPushOpened(e)
	};
}
function U({ respectDoNotTrack: e }) {
	if (e !== !0) return !1;
	let { globalPrivacyControl: t } = navigator;
	return navigator.doNotTrack === "1" || t === !0;
}
// sdk/web/src/web.ts
var W = H(void 0), G = W, { init: K, trackEvent: q, setUserId: J, reportPushOpened: Y } = W;
export { G as AppizerWeb, W as Carillon, K as init, Y as reportPushOpened, J as setUserId, q as trackEvent };
