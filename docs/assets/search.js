/* The index has Chinese character by character; what is looked for is handed to its worker in the same way, each character
   asked for. The theme would hand on only the beginning of a word: of 去重 it looks for 去. */
const QUERY = 2
const hand = Worker.prototype.postMessage

Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.type === QUERY && typeof message.data === "string") {
    const parted = message.data.replace(/\p{sc=Han}+/gu, (word) => [...word].map((one) => ` +${one}`).join("") + " ")
    return hand.call(this, { ...message, data: parted }, ...rest)
  }
  return hand.call(this, message, ...rest)
}

document.querySelector("[data-md-component=search]")?.setAttribute("aria-label", "Search")
