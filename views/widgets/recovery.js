// Loads the page again when Streamlit has taken all of it down. That happens when the connection breaks while a page is
// on its way: the server then sends the rest of it without the beginning, and Streamlit cannot place it.
if (!window.normscapeRecovers) {
  window.normscapeRecovers = true;
  window.addEventListener("error", () => {
    const recent = Date.now() - Number(sessionStorage.getItem("normscape-recovered")) < 5000;
    setTimeout(() => {
      if (document.getElementById("root")?.childElementCount) return;
      sessionStorage.setItem("normscape-recovered", String(Date.now()));
      window.location.reload();   // the address holds the experiment
    }, recent ? 5000 : 200);
  });
}
