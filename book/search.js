// Chinese is written without spaces, so mdBook's search finds no word in it. In the Chinese book each pair of
// neighbouring characters is a word of its own, in the index and in what one types.
(() => {
    const { elasticlunr } = window;
    if (!elasticlunr || !document.documentElement.lang.startsWith('zh')) {
        return;
    }
    const pairs = (characters) => characters.length < 2
        ? ` ${characters} `
        : ` ${[...characters].slice(1).map((second, at) => characters[at] + second).join(' ')} `;
    const split = elasticlunr.tokenizer;
    // With the properties of the old one, which say where it splits.
    elasticlunr.tokenizer = Object.assign(
        (text) => split(String(text ?? '').replace(/[\u3400-\u9fff]+/g, pairs)),
        split,
    );

    elasticlunr.Index.load = (saved) => {
        const index = elasticlunr();
        // Without the trimmer, which takes Chinese for punctuation.
        index.pipeline.reset();
        index.pipeline.add(elasticlunr.stopWordFilter, elasticlunr.stemmer);
        index.setRef('id');
        saved.fields.forEach((field) => index.addField(field));
        Object.values(saved.documentStore.docs).forEach((section) => index.addDoc(section));
        return index;
    };

    // mdBook looks when a key goes up, which an input method need not tell.
    const searchbar = document.getElementById('mdbook-searchbar');
    searchbar.addEventListener('input', () => searchbar.dispatchEvent(new Event('keyup')));
})();
