#!/usr/bin/env python3
"""Turns the documents of the workspace into chapters of the book: mdBook's preprocessor, and the copier of what the chapters link to.

A chapter is a shell that names its document: `{{#document pub-sub/README.md}}`, or `{{#claims}}` for the questions of
`lab/experiments.json`. The document's own links stay right in the book: those to documents lead to their chapters, those
to sources to copies of them in `files/`, where sources stand as pages that a browser shows.

`pages.py copy LANGUAGE FOLDER` puts these copies into a built book.
"""

import html
import json
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LANGUAGES = {"en": "zh-TW", "zh-TW": "en"}
DOCUMENT = re.compile(r"\{\{#document (\S+)\}\}")
# A link or a picture outside of code: its target is the second group.
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
SHOWN_AS_IT_IS = (".svg", ".png", ".gif")


def chapters(language):
    """The chapters of a book, in order: (path of the shell below src/, its document)."""
    source = os.path.join(ROOT, "book", language, "src")
    with open(os.path.join(source, "SUMMARY.md")) as summary:
        paths = re.findall(r"\]\((\S+\.md)\)", summary.read())
    for path in paths:
        with open(os.path.join(source, path)) as shell:
            yield path, (DOCUMENT.findall(shell.read()) or [None])[0]


def target_in_book(target, document, chapter, language):
    """Where a document's relative link leads in the book, and the file that has to be copied for it, if any."""
    path, hash_mark, anchor = target.partition("#")
    if not path:
        return target, None
    path = os.path.normpath(os.path.join(os.path.dirname(document), path))
    readme = os.path.join(path, "README.md" if language == "en" else f"README.{language}.md")
    if os.path.isfile(os.path.join(ROOT, readme)):
        path = readme
    up = "../" * chapter.count("/")
    for book in (language, LANGUAGES[language]):
        for other, shown in chapters(book):
            if shown == path and book == language:
                return up + other + hash_mark + anchor, None
            if shown == path:
                page = other.removesuffix(".md") + ".html"
                return f"{up}../{book}/{page}{hash_mark}{anchor}", None
    return up + copy_of(path), path


def copy_of(path):
    """The place of a file's copy in the book."""
    return "files/" + path + ("" if path.endswith(SHOWN_AS_IT_IS) else ".html")


def text_of(document, chapter, language, copied):
    """A document's text with its links made right for the book. Adds to `copied` the files that it links to."""
    with open(os.path.join(ROOT, document)) as file:
        parts = CODE.split(file.read())

    def replace(link):
        if re.match(r"[a-z]+:", link[2]):
            return link[0]
        target, path = target_in_book(link[2], document, chapter, language)
        if path:
            copied.add(path)
        return link[1] + target + link[3]

    # The parts at odd places are code; link texts may hold some, so links are found where the text goes on.
    return "".join(part if index % 2 else LINK.sub(replace, part) for index, part in enumerate(parts))


def claims(language):
    """Each claim as a question: an answer that one opens says whether it is right, and the last one what happens."""
    words = {
        "en": ("What do you expect?", "Right.", "No.", "What really happens", "Watch it"),
        "zh-TW": ("你預期會發生什麼？", "答對了。", "不對。", "實際上會發生什麼", "看它發生"),
    }
    expect, right, wrong, happens, watch = words[language]
    with open(os.path.join(ROOT, "lab", "experiments.json")) as file:
        experiments = json.load(file)
    for one in experiments:
        name = one["experiment"]
        yield f"## {name.upper()}: {one['claim'][language]}\n\n**{one['question'][language]}** {expect}\n"
        for index, answer in enumerate(one["answers"]):
            verdict = right if index == one["right"] else wrong
            yield f"<details><summary>{in_html(answer[language])}</summary>\n\n{verdict}\n\n</details>"
        yield f"<details><summary><strong>{happens}</strong></summary>\n\n{one['explanation'][language]}\n\n</details>"
        recording = f"recordings/{name}.jsonl"
        if os.path.isfile(os.path.join(ROOT, "lab", recording)):
            page = f"../lab/replay.html?recording={recording}&amp;lang={language}"
            yield (
                f"<details><summary><strong>{watch}</strong></summary>\n\n"
                f'<iframe class="recording" loading="lazy" title="{name.upper()}" src="{page}"></iframe>\n\n</details>'
            )
        yield ""


def in_html(markdown):
    """A line of text with code in backticks, as HTML."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(markdown))


def preprocess(book, language, copied):
    """Fills the chapters of mdBook's tree."""
    items = list(book.get("items") or book.get("sections") or [])
    while items:
        chapter = items.pop().get("Chapter")
        if chapter is None:
            continue
        items.extend(chapter["sub_items"])
        if chapter.get("path") is None:
            continue
        path = chapter["path"]
        content = DOCUMENT.sub(lambda name: text_of(name[1], path, language, copied), chapter["content"])
        if "{{#claims}}" in content:
            content = content.replace("{{#claims}}", "\n".join(claims(language)))
        chapter["content"] = content
    return book


def copy(language, folder):
    """Copies the files that the chapters link to; sources become pages."""
    copied = set()
    for path, document in chapters(language):
        if document:
            text_of(document, path, language, copied)
    for path in sorted(copied | {inside for path in copied for inside in files_in(path)}):
        whole, to = os.path.join(ROOT, path), os.path.join(folder, copy_of(path))
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if path.endswith(SHOWN_AS_IT_IS):
            shutil.copyfile(whole, to)
        else:
            with open(to, "w") as page:
                page.write(page_of(path))


def files_in(path):
    """The files in a folder, and below; none for a file."""
    for folder, _, names in os.walk(os.path.join(ROOT, path)):
        if not folder.endswith("__pycache__"):
            yield from (os.path.relpath(os.path.join(folder, name), ROOT) for name in sorted(names))


def page_of(path):
    """A page that shows a source, or lists a folder's files."""
    whole = os.path.join(ROOT, path)
    if os.path.isdir(whole):
        base = os.path.dirname(copy_of(path))
        links = ((os.path.relpath(copy_of(name), base), name) for name in files_in(path))
        body = "\n".join(f'<a href="{html.escape(link)}">{html.escape(name)}</a>' for link, name in links)
    else:
        with open(whole) as source:
            body = html.escape(source.read())
    return (
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(path)}</title>"
        "<style>:root{color-scheme:light dark}body{font:14px/1.5 ui-monospace,monospace;margin:1.5em}"
        f"pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}}</style><pre>{body}</pre>\n"
    )


def main():
    if sys.argv[1:2] == ["supports"]:
        sys.exit(0 if sys.argv[2] == "html" else 1)
    if sys.argv[1:2] == ["copy"]:
        return copy(*sys.argv[2:])
    context, book = json.load(sys.stdin)
    language = context["config"]["book"]["language"]
    json.dump(preprocess(book, language, set()), sys.stdout)


main()
