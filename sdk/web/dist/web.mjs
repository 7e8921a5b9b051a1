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
	let { status: n, error: r } = t ?? {};
	return n === "rejected" && e(`an event was not accepted and is dropped: ${r?.message}`), n === "stored" || n === "duplicate" || n === "rejected";
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
	let t = Reflect.get(HTMLFormElement.prototype, "elements", e), n = (t) => Element.prototype.getAttribute.call(e, t) ?? void 0, r = Array.from(t, (e) => e.getAttribute("name"));
	return {
		form_id: n("id"),
		form_name: n("name"),
		path: location.pathname,
		fields: [...new Set(r.filter(Boolean))].slice(0, 100)
	};
}
// sdk/web/src/text.ts
var c = /[\ud800-\udfff]/u;
function l(e, t) {
	return typeof e == "string" && e !== "" && [...e].length <= t && !c.test(e);
}
function u(e) {
	return new TextEncoder().encode(e).length;
}
var d = /^[\da-f]{64}$/i;
function f(e, t) {
	let n = `${t}:signature`;
	return {
		user() {
			p(e.get(t)) || e.set(t, h());
			let r = e.get(t), [i, ...a] = (e.get(n) ?? "").split(" ");
			return a.join(" ") === r && m(i) ? {
				user_id: r,
				user_signature: i
			} : { user_id: r };
		},
		setUserId(r, i) {
			r === null || i === void 0 ? e.remove(n) : e.set(n, `${i} ${r}`), e.set(t, r ?? h());
		}
	};
}
function p(e) {
	return l(e, 256) && !e.startsWith("anon:");
}
function m(e) {
	return typeof e == "string" && d.test(e);
}
function h() {
	return `web:${r()}`;
}
// sdk/web/src/open-channel.ts
function g({ queue: e, endpoint: t, tenantId: n, apiKey: r }) {
	return {
		queue: e,
		url: _(t),
		maxItems: 1,
		body: ([e]) => v({
			tenantId: n,
			apiKey: r,
			trackingToken: e.text
		}),
		done: (e, t) => y(t) ? e : []
	};
}
function _(e) {
	return `${e}/pushes/opened`;
}
function v(e) {
	return JSON.stringify({
		tenant_id: e.tenantId,
		api_key: e.apiKey,
		tracking_token: e.trackingToken
	});
}
function y(e) {
	return e?.success === !0;
}
// sdk/web/src/page-views.ts
function b(e) {
	let t = "";
	function n() {
		let { href: n } = location;
		if (n === t) return;
		let r = x(t || document.referrer);
		t = n, e({
			url: x(n),
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
function x(e) {
	if (e === "") return "";
	let t = new URL(e);
	return t.username = t.password = t.search = "", t.hash = t.hash.replace(/#?[?&=].*$/s, ""), t.href;
}
function S(t, n) {
	let i = r(), a = 0, o = 0, s = () => t.keys(n).sort();
	function c() {
		let n = s().reverse(), r = 0, i = n.filter((e) => (r += e.length + (t.get(e)?.length ?? 0), r > 45e4));
		for (let e of i) t.remove(e);
		i.length > 0 && e(`the oldest ${i.length} of what waits to be sent are dropped: too much waits`), o = 5e4;
	}
	return {
		add(e) {
			let r = `${n}${C(Date.now(), 9)}${C(a++, 4)}.${i}`;
			o -= r.length + e.length, o < 0 && c(), t.set(r, e);
		},
		*items() {
			for (let e of s()) {
				let r = t.get(e);
				if (r === void 0) continue;
				let a = Number.parseInt(e.slice(n.length, n.length + 9), 36);
				yield {
					key: e,
					text: r,
					isOwn: e.endsWith(i),
					addedMs: a
				};
			}
		},
		remove: (e) => t.remove(e)
	};
}
function C(e, t) {
	return e.toString(36).padStart(t, "0").slice(-t);
}
// sdk/web/src/post.ts
var w = 6e4, T = [
	400,
	401,
	403,
	409,
	413
];
async function E(e, t) {
	try {
		let n = await fetch(e, {
			method: "POST",
			body: t,
			keepalive: !0,
			credentials: "omit",
			..."timeout" in AbortSignal ? { signal: AbortSignal.timeout(1e4) } : {}
		}), { ok: r, status: i, headers: a } = n;
		return r ? {
			kind: "accepted",
			answer: await n.json()
		} : T.includes(i) ? {
			kind: "refused",
			status: i,
			reason: await n.text()
		} : {
			kind: "failed",
			reason: `${e} answers ${i}`,
			retryAfterMs: D(a.get("Retry-After"))
		};
	} catch (t) {
		return {
			kind: "failed",
			reason: `${e}: ${t}`
		};
	}
}
function D(e) {
	return Number(e) * 1e3 || Date.parse(e ?? "") - Date.now() || 0;
}
// sdk/web/src/retry.ts
var O = 1e3, k = 6e4, A = 36e5;
function j(e, t) {
	let n = Math.min(O * 2 ** (e - 1), k);
	return Math.max(n, Math.min(t, A)) * (1 + Math.random() / 2);
}
// sdk/web/src/sender.ts
var M = 1e3, N = 3e3, P = 8;
function F({ channels: t, exclusive: n, storage: r, waitKey: i, beacon: a }) {
	let o = /* @__PURE__ */ new Map(), s = /* @__PURE__ */ new Set(), c, l, d = !1, f = !1, p = 0, m = 0, h = Infinity;
	function g() {
		let e = Number(r.get(i) ?? 0) - Date.now();
		return e <= 72e5 ? e : 0;
	}
	function _(e) {
		m = performance.now() + e;
	}
	function v() {
		d && (f = !0), d || c !== void 0 || (c = setTimeout(y, Math.max(0, m - performance.now(), g())));
	}
	async function y() {
		c = void 0, d = !0, f = !1;
		let e = !1;
		try {
			let t = await n(async () => {
				e = g() > 0 || await b();
			});
			t > 0 && (e = !0, _(t));
		} finally {
			d = !1;
		}
		(e || f) && v();
	}
	async function b() {
		let e = (e) => e.isOwn, n = ({ addedMs: e }) => !(Math.abs(Date.now() - e) < N);
		for (let r of [e, n]) for (let e of t) {
			let t = x(e, w, r);
			if (t.length > 0) return S(e, t);
		}
		return l === void 0 && t.some((e) => x(e, 6e4, () => !0).length > 0) && (l = setTimeout(() => {
			l = void 0, v();
		}, N)), !1;
	}
	function x({ queue: t, maxItems: n }, r, i) {
		let a = [], s = 0;
		for (let c of t.items()) {
			if (o.has(c.key) || !i(c)) continue;
			let l = u(c.text) + 1;
			if (l > 6e4) e("something larger than a request may be was found in the queue and dropped"), t.remove(c.key);
			else {
				if (s += l, a.length >= Math.min(n, h) || s > r) break;
				a.push(c);
			}
		}
		return a;
	}
	async function S(e, t) {
		for (let { key: e, text: n } of t) o.set(e, u(n));
		try {
			return C(e, t, await E(e.url, e.body(t)));
		} finally {
			for (let { key: e } of t) o.delete(e);
		}
	}
	function C(t, n, r) {
		if (r.kind === "failed") return D(r);
		if (r.kind === "refused") return _(M), r.status === 400 && n.length > 1 ? (h = Math.ceil(n.length / 2), !0) : (e(`${n.length} not accepted and dropped: ${r.status} ${r.reason}`), T(t, n), !0);
		let i = t.done(n, r.answer);
		return T(t, i), i.length < n.length ? D({
			reason: "not all were stored",
			retryAfterMs: 0
		}) : (p = 0, h *= 2, _(M), !0);
	}
	function T({ queue: e }, t) {
		for (let { key: n } of t) e.remove(n), s.delete(n);
	}
	function D({ reason: t, retryAfterMs: n }) {
		p++;
		let a = j(p, n ?? 0);
		return n === void 0 ? _(a) : r.set(i, String(Math.ceil(Date.now() + a))), p <= (n === void 0 ? 5 : 3) || (e(`sending failed ${p} times, events wait: ${t}`), _(k), p = 0, !1);
	}
	function O(e) {
		let t = x(e, w - [...o.values()].reduce((e, t) => e + t, 0), ({ key: e, isOwn: t }) => t && !s.has(e));
		if (t.length === 0) return !1;
		if (a === void 0) return S(e, t).then((e) => e && v()), !0;
		if (!a(e.url, e.body(t))) return !1;
		for (let { key: e } of t) s.add(e);
		return !0;
	}
	return {
		added: v,
		launch() {
			p = 0, m = 0, clearTimeout(c), c = void 0, v();
		},
		hide() {
			if (!(g() > 0)) for (let e of t) for (let t = 0; t < P && O(e); t++);
		}
	};
}
// sdk/web/src/storage.ts
function I() {
	let e = /* @__PURE__ */ new Map();
	function t(e, t) {
		try {
			return e(localStorage);
		} catch {
			return t;
		}
	}
	function n(n) {
		e.delete(n), t((e) => e.removeItem(n), void 0);
	}
	return {
		get: (n) => e.get(n) ?? t((e) => e.getItem(n), null) ?? void 0,
		set(r, i) {
			t((e) => (e.setItem(r, i), !0), !1) ? e.delete(r) : (n(r), e.set(r, i));
		},
		remove: n,
		keys: (n) => [.../* @__PURE__ */ new Set([...t(Object.keys, []), ...e.keys()])].filter((e) => e.startsWith(n))
	};
}
// sdk/web/src/client.ts
var L = 128, R = 32768, z = /[\u0000-\u001f\u007f-\u009f]/, B = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
function V({ endpoint: n, ...i }) {
	let { appId: s, tenantId: c, apiKey: u } = i, d = I(), h = `carillon:${s}:`, _ = f(d, `${h}user`), v = S(d, `${h}event:`), y = S(d, `${h}open:`), x = F({
		channels: [t({
			queue: v,
			endpoint: n,
			appId: s
		}), ...c && u ? [g({
			queue: y,
			endpoint: n,
			tenantId: c,
			apiKey: u
		})] : []],
		exclusive: a(d, `${h}sending`),
		storage: d,
		waitKey: `${h}wait`,
		..."keepalive" in Request.prototype ? {} : { beacon: (e, t) => navigator.sendBeacon(e, t) }
	});
	function C(e, t) {
		H(() => {
			e.add(t), x.added();
		});
	}
	let w = {
		trackEvent(t, n) {
			if (!l(t, L) || z.test(t)) return e(`not tracked: an event's name has 1 to ${L} characters, none of them control`);
			let i = U(n);
			if (i === void 0) return e(`${t} not tracked: its properties are no object of at most 32 KB of JSON`);
			let a = {
				event_id: r(),
				..._.user(),
				event_name: t,
				event_time: (/* @__PURE__ */ new Date()).toISOString()
			};
			C(v, `${JSON.stringify(a).slice(0, -1)},"properties":${i}}`);
		},
		setUserId(t, n) {
			if (t !== null && !p(t)) return e("user id not set: it has 1 to 256 characters and does not start with \"anon:\"");
			if (n !== void 0 && !m(n)) return e("user id not set: a signature is 64 hex digits");
			_.setUserId(t, n);
		},
		reportPushOpened(t) {
			if (!c || !u) return e("open not reported: init needs tenantId and apiKey for it");
			if (typeof t != "string" || !B.test(t)) return e("open not reported: a tracking token is a UUID");
			C(y, t);
		}
	};
	return H(() => {
		i.autoEvents === !0 && b((e) => w.trackEvent("page_viewed", e)), i.autoHook === !0 && o((e) => w.trackEvent("form_submitted", e)), addEventListener("pagehide", x.hide), addEventListener("pageshow", x.launch), addEventListener("online", x.launch), document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" ? x.hide() : x.launch()), x.launch();
	}), w;
}
function H(e) {
	let { prerendering: t } = document;
	t === !0 ? document.addEventListener("prerenderingchange", e, { once: !0 }) : e();
}
function U(e) {
	try {
		let t = JSON.stringify(e ?? {});
		return t?.startsWith("{") && u(t) <= R ? t : void 0;
	} catch {
		return;
	}
}
// sdk/web/src/gateway-url.ts
function W(e) {
	let { protocol: t, origin: n, pathname: r } = new URL(e);
	if (!/^https?:$/.test(t)) throw TypeError(`endpoint: ${e} is no http or https URL`);
	return n + r.replace(/\/+$/, "");
}
// sdk/web/src/sdk.ts
var G = () => void 0, K = {
	trackEvent: G,
	setUserId: G,
	reportPushOpened: G
}, q = {
	trackEvent: () => e("event not tracked: call init first"),
	setUserId: () => e("user id not set: call init first"),
	reportPushOpened: () => e("open not reported: call init first")
};
function J(t) {
	let n = q;
	return {
		init(r) {
			if (n !== q) return e("init was called before; this call is ignored");
			let { appId: i, endpoint: a = t } = r ?? {};
			if (typeof i != "string" || i === "") throw TypeError("init: appId is missing");
			if (a === void 0) throw TypeError("init: endpoint, the gateway's address, is missing");
			let o = {
				...r,
				endpoint: W(a)
			};
			n = Y(r) ? K : V(o);
		},
		trackEvent: (e, t) => n.trackEvent(e, t),
		setUserId: (e, t) => n.setUserId(e, t),
		reportPushOpened: (e) => n.reportPushOpened(e)
	};
}
function Y({ respectDoNotTrack: e }) {
	if (e !== !0) return !1;
	let { globalPrivacyControl: t } = navigator;
	return navigator.doNotTrack === "1" || t === !0;
}
// sdk/web/src/web.ts
var X = J(void 0), Z = X, { init: Q, trackEvent: $, setUserId: ee, reportPushOpened: te } = X;
export { Z as AppizerWeb, X as Carillon, Q as init, te as reportPushOpened, ee as setUserId, $ as trackEvent };
