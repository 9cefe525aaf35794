// The page's own texts, in its two languages.

const TEXTS = {
  "lab": ["ZeroMQ lab", "ZeroMQ 實驗室"],
  "lead": [
    "Watch messages move between real programs, break something, and see what is lost. Nothing here is simulated.",
    "看訊息在真實的程式之間移動，弄壞其中一處，看看遺失了什麼。這裡沒有任何一樣是模擬的。",
  ],
  "scenes": ["Scenes", "場景"],
  "scenes.lead": ["Start the programs, and do with them what you like.", "啟動程式，隨意操作。"],
  "experiments": ["Experiments", "實驗"],
  "experiments.lead": [
    "What the article claims. Predict the outcome, then see what the programs really do.",
    "文章的說法。先預測結果，再看程式實際怎麼做。",
  ],
  "home": ["All scenes and experiments", "所有場景與實驗"],
  "back.to": ["Back to what runs", "回到執行中的場景"],
  "scene.req-rep": ["Request-reply", "請求回應"],
  "scene.req-rep-3x3": ["Request-reply, 3 × 3", "請求回應，3 × 3"],
  "scene.pub-sub": ["Publish-subscribe", "發布訂閱"],
  "scene.pipeline": ["Pipeline", "管線"],
  "scene.pipeline-3": ["Pipeline, 3 consumers", "管線，3 個 consumer"],
  "scene.reliable-pipeline": ["Reliable pipeline", "可靠管線"],
  "about.req-rep": ["A client asks, a server answers.", "用戶端提問，伺服器回應。"],
  "about.req-rep-3x3": ["Three clients ask three servers in turn.", "三個用戶端輪流詢問三個伺服器。"],
  "about.pub-sub": ["A publisher sends; subscribers receive their topics.", "發布者送出訊息，訂閱者只收到自己的主題。"],
  "about.pipeline": ["Tasks go to a consumer, results to a collector.", "工作送往 consumer，結果送往 collector。"],
  "about.pipeline-3": ["Three consumers share the tasks.", "三個 consumer 分攤工作。"],
  "about.reliable-pipeline": ["Workers ask for tasks; nothing is lost.", "worker 主動要求工作，一筆也不會遺失。"],
  "hint": [
    "Kill, pause or start a program by its buttons; cut or slow a connection by the dots on it.",
    "用按鈕強制終止、暫停或啟動程式；按連線上的圓點可切斷或放慢連線。",
  ],
  "hint.replay": [
    "A recording of real programs. Play it, or step through it with the arrow keys.",
    "真實程式的紀錄。可以播放，也可以用方向鍵逐步前進或後退。",
  ],
  "starting": ["Starting …", "啟動中……"],
  "claim": ["The article claims", "文章的說法"],
  "predict": ["What do you think happens?", "你認為會發生什麼事？"],
  "run": ["Run it", "執行"],
  "play.it": ["Play the recording", "播放紀錄"],
  "again": ["Run again", "再執行一次"],
  "next": ["Next", "下一個"],
  "steps": ["What happens", "過程"],
  "holds": ["The claim holds", "說法成立"],
  "fails": ["The claim is false", "說法不成立"],
  "expected": ["expected", "應到"],
  "arrived": ["arrived", "抵達"],
  "lost": ["lost", "遺失"],
  "twice": ["twice", "重複"],
  "plain": ["The pipeline", "一般管線"],
  "reliable": ["The reliable pipeline", "可靠管線"],
  "guess.right": ["Your prediction was right.", "你的預測正確。"],
  "guess.wrong": ["You predicted otherwise. Right is:", "你的預測不同。正確答案是："],
  "guess.none": ["The answer:", "答案："],
  "new": ["not started", "尚未啟動"],
  "running": ["running", "執行中"],
  "paused": ["paused", "已暫停"],
  "done": ["done", "已結束"],
  "killed": ["killed", "已強制終止"],
  "exit": ["exit code {0}", "結束代碼 {0}"],
  "in": ["in", "收"],
  "out": ["out", "送"],
  "waiting": ["waiting", "排隊中"],
  "skipped": ["… {0} lines not shown", "……略過 {0} 行"],
  "again.mark": ["started again", "重新啟動"],
  "counter.sent": ["sent", "已送出"],
  "counter.received": ["received", "已收到"],
  "counter.answered": ["answered", "已回應"],
  "counter.published": ["published", "已發布"],
  "counter.passed_on": ["passed on", "已轉送"],
  "counter.collected": ["collected", "已收集"],
  "counter.written": ["written", "已寫入"],
  "counter.lost": ["lost", "遺失"],
  "counter.done": ["done", "已完成"],
  "do.kill": ["Kill", "強制終止"],
  "do.interrupt": ["Interrupt", "中斷"],
  "do.pause": ["Pause", "暫停"],
  "do.continue": ["Continue", "繼續"],
  "do.start": ["Start", "啟動"],
  "title.kill": ["End it at once (SIGKILL)", "立即終止（SIGKILL）"],
  "title.interrupt": ["As Ctrl-C does (SIGINT)", "如同按下 Ctrl-C（SIGINT）"],
  "title.pause": ["Stop it where it is (SIGSTOP)", "原地停住（SIGSTOP）"],
  "title.continue": ["Let it go on (SIGCONT)", "讓它繼續（SIGCONT）"],
  "title.start": ["Start it again with the same arguments", "以相同的參數重新啟動"],
  "language.next": ["The language of its next start", "下次啟動時使用的語言"],
  "copy": ["Copy the command line", "複製命令列"],
  "terminal": ["Terminal of {0}", "{0} 的終端機"],
  "add": ["Add another {0}", "再加一個 {0}"],
  "stop": ["Stop all", "全部停止"],
  "wire": ["Connection from {0} to {1}", "{0} 到 {1} 的連線"],
  "wire.mended": ["connected", "正常"],
  "wire.cut": ["cut", "已切斷"],
  "wire.stalled": ["stalled", "已停滯"],
  "wire.slow": ["slow, {0} ms", "放慢 {0} 毫秒"],
  "do.cut": ["Cut", "切斷"],
  "do.stalled": ["Stall", "停滯"],
  "do.slow": ["Slow", "放慢"],
  "do.mended": ["Mend", "修復"],
  "title.cut": ["Close connections, refuse new ones", "關閉連線，並拒絕新的連線"],
  "title.stalled": ["Close nothing, pass nothing on", "連線保留，但什麼都不通過"],
  "title.slow": ["Pass everything on half a second later", "一切都晚半秒通過"],
  "title.mended": ["Pass everything on again", "恢復通過"],
  "wire.total": ["{0} messages there, {1} back", "去 {0} 則，回 {1} 則"],
  "bytes": ["{0} bytes", "{0} 位元組"],
  "timeline": ["Time line", "時間軸"],
  "play": ["Play (space)", "播放（空白鍵）"],
  "pause": ["Pause (space)", "暫停（空白鍵）"],
  "step.back": ["Step back (←)", "上一步（←）"],
  "step.forward": ["Step forward (→)", "下一步（→）"],
  "failure.back": ["Previous failure (Shift ←)", "上一次故障（Shift ←）"],
  "failure.forward": ["Next failure (Shift →)", "下一次故障（Shift →）"],
  "speed": ["Speed", "速度"],
  "live": ["Live", "即時"],
  "save": ["Save", "儲存"],
  "save.title": ["Save the recording as a file", "把紀錄存成檔案"],
  "open": ["Open", "開啟"],
  "open.title": ["Open a recording, or drop one on the page", "開啟紀錄檔，也可以把檔案拖放到頁面上"],
  "position": ["Time in the recording", "紀錄中的時間"],
  "seconds": ["{0} s", "{0} 秒"],
  "sequence": ["Around this moment", "這一刻的前後"],
  "sequence.lead": ["One line per program, time runs downwards.", "每支程式一條線，時間由上往下。"],
  "killed.mark": ["killed", "強制終止"],
  "started.mark": ["starts", "啟動"],
  "ended.mark": ["ends", "結束"],
  "paused.mark": ["paused", "暫停"],
  "continued.mark": ["continues", "繼續"],
  "file.wrong": ["{0}: {1}", "{0}：{1}"],
  "file.missing": ["The recording cannot be read.", "無法讀取紀錄。"],
  "gone": ["The lab has ended; what it recorded can still be played.", "實驗室已經結束，紀錄仍可播放。"],
};

const KEY = "lab.language";
let current = fromAddress() ?? remembered() ?? (navigator.language?.startsWith("zh") ? "zh-TW" : "en");
document.documentElement.lang = current;

function fromAddress() {
  return known(new URLSearchParams(location.search).get("lang"));
}

function remembered() {
  try {
    return known(localStorage.getItem(KEY));
  } catch {
    return undefined; // In a frame without storage.
  }
}

function known(language) {
  return language === "en" || language === "zh-TW" ? language : undefined;
}

/** The language of the page: `en` or `zh-TW`. */
export function language() {
  return current;
}

/** Sets the language of the page, and remembers it. */
export function setLanguage(language) {
  current = language;
  document.documentElement.lang = language;
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // In a frame without storage it is not remembered.
  }
}

/** A text of the page, with `{0}`, `{1}` replaced by values; an unknown key is shown as it is. */
export function text(key, ...values) {
  const texts = TEXTS[key];
  if (!texts) return key;
  return texts[current === "en" ? 0 : 1].replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** Whether there is such a text. */
export function hasText(key) {
  return key in TEXTS;
}

/** A text that comes in both languages with the data. */
export function pick(texts) {
  return texts?.[current] ?? texts?.en ?? "";
}

/** A number with thousands set apart. */
export function number(value) {
  return new Intl.NumberFormat("en").format(value);
}

/** A box's name from its id: `consumer1` is "consumer 1". */
export function boxName(id) {
  return id.replace(/(\D)(\d+)$/, "$1 $2");
}
