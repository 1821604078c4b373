// Not a test: pictures of the pages named in DEVSQUAD_SHOTS, for people to look at. `./dev shots /workflows /agents`
import { screens, visit } from "./page";
import { test } from "./test";

const paths = (process.env.DEVSQUAD_SHOTS || "/").split(/\s+/).filter(Boolean);

for (const path of paths) {
  test(`picture of ${path}`, async ({ page, complaints }) => {
    complaints.expect(/./); // a picture of a page with faults is still wanted
    await visit(page, path);
    await screens(page, path.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "") || "home");
  });
}
