// What a person does at Claude Code's prompt: opens the picker, chooses a row, says something.

const prompt = /^❯\s*$/m;

export async function say(terminal, text) {
  await terminal.shows(prompt);
  terminal.type(text);
  await terminal.shows(new RegExp(`^❯\\s${escaped(text)}`, 'm'));
  terminal.press('Enter');
}

// Opens /model, moves to the row with this label and takes it; returns the screen with the picker.
export async function pickModel(terminal, label) {
  await say(terminal, '/model');
  let screen = await terminal.shows(/Select model/);
  const row = new RegExp(`^\\s*❯ (\\d+)\\. .*${escaped(label)}`, 'm');
  const all = screen;
  for (let steps = 0; !row.test(screen); ++steps) {
    if (steps > 30) throw new Error(`no row "${label}" in the picker:\n${all}`);
    const [, number] = screen.match(/^\s*❯ (\d+)\./m);
    terminal.press('Down');
    screen = await terminal.shows(new RegExp(`^\\s*❯ (?!${number}\\.)\\d+\\.`, 'm'));
  }
  terminal.press('Enter');
  // In the middle of a conversation it asks once more; "yes" is what stands there first.
  const then = await terminal.shows(new RegExp(`Switch model\\?|${prompt.source}`, 'm'));
  if (/Switch model\?/.test(then)) terminal.press('Enter');
  await terminal.shows(prompt);
  return all;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
