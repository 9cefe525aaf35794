// Opens each page of the book, in both languages, at the widths of a repository's page and of a telephone: nothing may
// be cut off, no link dead, and nothing said in the console. Then searches, and opens an answer of a claim.
//
// node book/browser.js BOOK NODE_MODULES [FOLDER for pictures]
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const [book, modules, pictures] = process.argv.slice(2);
const { chromium } = require(path.join(modules, 'playwright-core'));
const WIDTHS = [838, 390];
const SEARCHED = { en: 'linger', 'zh-TW': '高水位' };

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.svg': 'image/svg+xml' };

/** Serves the book, as any web server would. */
const server = http.createServer((request, response) => {
    const file = path.join(book, path.normalize(decodeURIComponent(request.url.split('?')[0])));
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
        response.writeHead(404).end();
        return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    fs.createReadStream(file).pipe(response);
});
let address;

const failures = [];
const fail = (text) => {
    failures.push(text);
    console.log(`FAILED: ${text}`);
};

/** The pages of a language, by its table of contents. */
async function pages(page, language) {
    await page.goto(`${address}/${language}/front.html`);
    const links = await page.$$eval('#mdbook-sidebar a[href$=".html"]', (all) => all.map((one) => one.href));
    return [...new Set(links.map((link) => link.split('#')[0]))];
}

/** What sticks out of the window, or out of a box that hides it. */
const cutOff = () => {
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
        found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    }
    for (const one of document.querySelectorAll('main :is(p, li, img, td, h1, h2, h3)')) {
        const { right } = one.getBoundingClientRect();
        if (right > width + 1 && !one.closest('table, pre')) {
            found.push(`${one.tagName} ${one.textContent.slice(0, 40)}`);
        }
    }
    return found;
};

/** Checks one page at one width, and collects where its links lead. */
async function look(page, url, width, links) {
    await page.setViewportSize({ width, height: 1000 });
    await page.goto(url);
    for (const found of await page.evaluate(cutOff)) {
        fail(`${url} at ${width} px: cut off: ${found}`);
    }
    for (const link of await page.$$eval('main :is(a[href], img[src])', (all) => all.map((one) => one.href || one.src))) {
        if (link.startsWith(address)) {
            links.set(link, url);
        }
    }
    if (pictures) {
        const name = url.slice(address.length + 1).replaceAll('/', '-');
        await page.screenshot({ path: path.join(pictures, `${name}-${width}.png`) });
    }
}

/** Each link leads to a page that has the place it names. */
async function follow(page, links) {
    const anchors = new Map();
    for (const [link, from] of links) {
        const [url, anchor] = link.split('#');
        if (!anchors.has(url)) {
            const answer = await page.request.get(url);
            const text = answer.ok() ? await answer.text() : null;
            anchors.set(url, text && new Set([...text.matchAll(/ id="([^"]*)"/g)].map((match) => match[1])));
        }
        const known = anchors.get(url);
        if (!known) {
            fail(`${from}: ${link} leads nowhere`);
        } else if (anchor && !known.has(decodeURIComponent(anchor))) {
            fail(`${from}: ${link}: the page has no such place`);
        }
    }
}

async function search(page, language) {
    await page.goto(`${address}/${language}/front.html`);
    await page.locator('#mdbook-search-toggle').click();
    await page.locator('#mdbook-searchbar').pressSequentially(SEARCHED[language]);
    await page.locator('#mdbook-searchresults li').first().waitFor();
}

async function predict(page, language) {
    await page.goto(`${address}/${language}/claims.html`);
    const answer = page.locator('main details').first();
    await answer.locator('summary').click();
    if (!(await answer.locator('p').isVisible())) {
        fail(`${language}: an answer does not open`);
    }
}

/** A recording of the lab plays within its claim. */
async function watch(page) {
    const claim = page.locator('main details:has(iframe)').last();
    await claim.locator('summary').click();
    const recording = claim.frameLocator('iframe');
    await recording.locator('button').first().waitFor();
}

async function main() {
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    address = `http://127.0.0.1:${server.address().port}`;
    const browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking',
            '--disable-component-update', '--disable-sync'],
    });
    const page = await browser.newPage();
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) {
            fail(`${page.url()}: console: ${message.text()}`);
        }
    });
    page.on('pageerror', (error) => fail(`${page.url()}: ${error}`));
    const links = new Map();
    for (const language of ['en', 'zh-TW']) {
        const urls = await pages(page, language);
        for (const url of urls) {
            for (const width of WIDTHS) {
                await look(page, url, width, links);
            }
        }
        await search(page, language);
        await predict(page, language);
        await watch(page);
        console.log(`${language}: ${urls.length} pages`);
    }
    await follow(page, links);
    console.log(`${links.size} links`);
    await browser.close();
    server.close();
    server.closeAllConnections();
    process.exitCode = failures.length ? 1 : 0;
}

main();
