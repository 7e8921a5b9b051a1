// Commands name the server that the page is read from, and can be copied.
for (const code of document.querySelectorAll(".block code")) {
  code.textContent = code.textContent.replaceAll("http://localhost:8080", location.origin);
}
for (const block of document.querySelectorAll(".block")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
    } catch {
      // Browsers refuse it on pages without TLS: the text is then selected, to be copied by hand.
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  block.append(button);
}
