// What a test set up is taken down in the opposite order, all of it, even when one part complains.

const stacks = new WeakMap();

export function undo(t, action) {
  if (!stacks.has(t)) {
    stacks.set(t, []);
    t.after(() => takeDown(stacks.get(t)));
  }
  stacks.get(t).push(action);
}

async function takeDown(stack) {
  const complaints = [];
  while (stack.length > 0) {
    try { await stack.pop()(); } catch (error) { complaints.push(error); }
  }
  if (complaints.length === 1) throw complaints[0];
  if (complaints.length > 1) throw new AggregateError(complaints, complaints.map(({ message }) => message).join('\n'));
}
