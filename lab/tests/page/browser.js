// The page in a browser, with a lab that runs: `node browser.js ADDRESS NODE_MODULES`.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test as run } from "node:test";

const [address, modules] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "/"))("playwright-core");

/** How long anything may take, in milliseconds: much longer than it takes. */
const PATIENCE = 30_000;
const SIZES = [{ width: 1280, height: 860 }, { width: 390, height: 800 }];
const SCENES = 6;

let folder, browser, page;
const complaints = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-page-"));
  const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  page = await browser.newPage({ viewport: SIZES[0], locale: "en-GB" });
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(address);
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** A step of the one story that all tests tell: after one that failed, the others would only wait. */
let failed = false;
function test(name, step) {
  run(name, async (context) => {
    if (failed) return context.skip();
    failed = true;
    await step();
    failed = false;
  });
}

/** The card of a program in the picture, and the console with its buttons, which may be part of it. */
const card = (name) => page.locator(`article.box[aria-label="${name}"]`);
const consoleOf = (name) => page.locator(`section.console[aria-label="${name}"]`);
const terminal = (name) => page.getByRole("log", { name, exact: true });
const home = () => page.locator(".brand").click();

/** Waits for a program to be in a state. */
const state = (name, wanted) => card(name).and(page.locator(`[data-state="${wanted}"]`)).waitFor();

/** Waits until a function in the page returns something, and returns it. */
const until = async (look, argument) => (await page.waitForFunction(look, argument)).jsonValue();

/** What does not fit: into the window, or into its element. Terminals scroll, and so may be longer. */
const overflowing = () =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? ["the page"] : [];
    const parts = "button, a, select, h1, h2, h3, p, blockquote, legend, label, .box, .console, code.command, .state, dd, dt";
    const cut = [...document.querySelectorAll(parts)].filter((element) => {
      const { left, right, height } = element.getBoundingClientRect();
      if (height === 0) return false;
      return left < -1 || right > width + 1 || (element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1);
    });
    return [...wide, ...cut.map((element) => `${element.className || element.tagName}: ${element.textContent.slice(0, 40)}`)];
  });

async function nothingIsCutOff() {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.deepEqual(await overflowing(), [], `${size.width} px`);
  }
  await page.setViewportSize(SIZES[0]);
}

test("the first view offers scenes and experiments, and fits", async () => {
  await page.locator(".scene-card").first().waitFor();
  assert.equal(await page.locator(".scene-card").count(), SCENES);
  assert.equal(await page.locator(".experiment").count(), 14);
  await nothingIsCutOff();
});

test("each scene starts, and its messages move", async () => {
  for (let scene = 0; scene < SCENES; scene += 1) {
    await page.locator(".scene-card").nth(scene).click();
    const first = await until(() => document.querySelector(".mark.message circle")?.getAttribute("cx"));
    await until((at) => {
      const now = document.querySelector(".mark.message circle")?.getAttribute("cx");
      return now && now !== at;
    }, first);
    await page.locator(".diagram .arrow.message").first().waitFor();
    await nothingIsCutOff();
    await home();
  }
});

test("one switches the language, and it is remembered", async () => {
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("heading", { name: "場景", exact: true }).waitFor();
  await nothingIsCutOff();
  await page.reload();
  await page.getByRole("button", { name: "暫停", exact: true }).first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-TW");
  await page.getByRole("button", { name: "English" }).click();
  await home();
});

test("a consumer that is killed by its button takes its tasks with it", async () => {
  await page.locator(".scene-card").nth(4).click();
  await state("consumer 1", "running");
  await until(() => document.querySelector('[aria-label="consumer 2"] .figures')?.textContent.includes("waiting"));
  await consoleOf("consumer 1").getByRole("button", { name: "Kill" }).click();
  await state("consumer 1", "killed");
  await page.locator(".strip .failure").waitFor({ state: "attached" });
  await consoleOf("consumer 2").getByRole("button", { name: "Interrupt" }).click();
  await state("consumer 2", "done");
  await terminal("Terminal of consumer 2").getByText("results of consumer 2: ").waitFor();
  const [, reported] = /results of consumer 2: (\d+)/.exec(await terminal("Terminal of consumer 2").textContent());
  const figures = await card("consumer 2").locator(".figures dd").allTextContents();
  assert.equal(figures[0].replace(",", ""), reported);
  await consoleOf("consumer 1").getByRole("button", { name: "Start" }).click();
  await state("consumer 1", "running");
});

test("wires are cut and mended, programs added", async () => {
  await page.getByRole("button", { name: "+ Add another consumer" }).click();
  await state("consumer 4", "running");
  const wire = page.locator(".menu", { has: page.getByRole("button", { name: "Connection from consumer 4 to collector" }) });
  await wire.locator(".wire-button").click();
  await wire.getByRole("button", { name: "Cut" }).click();
  await wire.and(page.locator('[data-state="cut"]')).waitFor();
  await wire.locator(".wire-button").click();
  await wire.getByRole("button", { name: "Mend" }).click();
  await wire.and(page.locator('[data-state="cut"]')).waitFor({ state: "detached" });
});

test("while the picture shows the past, no program of the present can be stopped", async () => {
  await page.keyboard.press("Shift+ArrowLeft");
  await page.locator("main[data-past]").waitFor();
  assert.equal(await page.locator(".controls:not([inert])").count(), 0);
  await page.getByRole("button", { name: "Live" }).click();
  await page.locator("main:not([data-past])").waitFor();
  await page.locator(".controls:not([inert])").first().waitFor();
  await home();
});

test("an experiment asks, runs, and its verdict is what the programs report", async () => {
  await page.locator(".experiment", { hasText: "C12" }).click();
  await nothingIsCutOff();
  await page.getByRole("radio").nth(3).check();
  await page.getByRole("button", { name: "Run it" }).click();
  await page.locator(".step", { hasText: /\w/ }).waitFor();
  await page.locator(".verdict").waitFor({ timeout: 2 * PATIENCE });
  const scores = await page.locator(".score").evaluateAll((all) =>
    all.map((score) => [...score.querySelectorAll("dd")].map((figure) => Number(figure.textContent.replace(",", "")))));
  const [[expected, arrived, lost, twice], beside] = scores;
  const [, collected] = /results collected: (\d+)/.exec(await terminal("Terminal of collector").textContent());
  assert.deepEqual([expected, lost, twice], [2000, 2000 - Number(collected), 0]);
  assert.equal(arrived, Number(collected));
  assert.ok(lost > 0, `${lost}`);
  assert.deepEqual(beside.slice(0, 3), [2000, 2000, 0]);
  assert.equal(await page.locator(".guess-right").count(), 1);
  await nothingIsCutOff();
});

test("a saved recording is opened, and played backwards and forwards", async () => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a", { hasText: "Save" }).click()]);
  const file = join(folder, "recording.jsonl");
  await writeFile(file, await (await page.request.get(new URL("recording", address).href)).body());
  assert.ok(download.suggestedFilename().endsWith(".jsonl"));
  await page.locator('input[type="file"]').setInputFiles(file);
  await state("consumer 1", "new");
  assert.equal(await page.getByRole("button", { name: "Kill" }).count(), 0);
  await page.keyboard.press("Shift+ArrowRight");
  await state("consumer 1", "killed");
  await page.keyboard.press("ArrowLeft");
  await state("consumer 1", "running");
  await page.keyboard.press("Space");
  await state("consumer 1", "killed");
  await page.keyboard.press("Space");
});

test("replay.html plays a recording, and asks first", async () => {
  await page.goto(new URL("replay.html?recording=recording&lang=zh-TW", address).href);
  await page.getByRole("radio").first().check();
  await page.getByRole("button", { name: "播放紀錄" }).click();
  await page.locator(".mark").first().waitFor({ state: "attached" });
  await page.locator(".range").fill("1000");
  await page.locator(".verdict").waitFor();
  await page.locator(".guess-wrong").waitFor();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.locator(".steps").waitFor();
  await nothingIsCutOff();
});

test("what is not a recording is refused by name", async () => {
  await page.locator('input[type="file"]').setInputFiles({ name: "x.jsonl", mimeType: "text/plain", buffer: Buffer.from("{}\n") });
  await page.getByRole("alert").filter({ hasText: "x.jsonl" }).click();
});

test("what programs say is text, whatever it looks like", async () => {
  const html = "<img src=x onerror=document.title='gone'>";
  const wire = { wire: html, connects: html, binds: "b" };
  const box = { box: html, program: html, role: html, language: "rust", command: html, column: 0, row: 0 };
  const lines = [
    { lab: 1, scene: html, experiment: null },
    { t: 0, is: "scene", scene: html, experiment: null, boxes: [box, { ...box, box: "b", column: 1 }], wires: [wire] },
    { t: 1, is: "printed", box: html, stream: "stderr", text: html },
    { t: 2, is: "command", wire: html, connection: 1, way: "up", name: html, text: html },
    { t: 3, is: "message", wire: html, connection: 1, way: "up", frames: [html], bytes: 9, encrypted: false },
    { t: 4, is: "counter", box: html, name: html, value: 1 },
    { t: 5, is: "ended", box: html, code: null, signal: html },
  ];
  const buffer = Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"));
  await page.locator('input[type="file"]').setInputFiles({ name: "html.jsonl", mimeType: "text/plain", buffer });
  await page.locator(".range").fill("700");
  await page.locator(".terminal", { hasText: html }).waitFor({ state: "attached" });
  assert.equal(await page.locator("img").count(), 0);
});

test("the browser had nothing to complain about", () => {
  assert.deepEqual(complaints, []);
});
