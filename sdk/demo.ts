import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

// Serves the Web SDK's demo page: `npm run demo:sdk`, beside `npm start`.

const CREDENTIALS = new URL("../data/demo-app.json", import.meta.url);
const GATEWAY = "http://127.0.0.1:8080";

const server = await createServer({
  configFile: false,
  root: fileURLToPath(new URL("web/demo/", import.meta.url)),
  plugins: [
    {
      name: "demo-settings",
      // Opens the page with what `npm start` wrote; of the credentials only those that are public.
      configureServer({ middlewares }) {
        middlewares.use((request, response, next) => {
          if (request.url !== "/" || !existsSync(CREDENTIALS)) return next();
          const { app_id, tenant_id, api_key } = JSON.parse(readFileSync(CREDENTIALS, "utf8"));
          const settings = new URLSearchParams({ endpoint: GATEWAY, app_id, tenant_id, api_key });
          response.writeHead(302, { Location: `/?${settings}` }).end();
        });
      },
    },
  ],
});
await server.listen();
server.printUrls();
