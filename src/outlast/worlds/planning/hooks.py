"""Planning what becomes of hooks and their tokens."""

from collections.abc import Iterable

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast.world import HookDraft
from outlast.worlds.planning.records import HookChanges


class HookPlanner:
    """The live hooks as they will be. Only those are known whose tokens the batch names; others are let go
    of by their run and ref alone."""

    def __init__(
        self, known: dict[str, HookRecord], keys: set[tuple[str, str]], at: Micros
    ) -> None:
        self._known = {
            token: hook
            for token, hook in known.items()
            if hook.expires_at is None or hook.expires_at > at
        }
        self._keys = keys
        self._at = at
        # An expired hook keeps its row until its owner notices, or somebody else takes the token.
        self._stored = known
        self.changes = HookChanges({}, {}, {}, {}, {})

    def live(self, token: str) -> HookRecord | None:
        """The hook that has the token and has not expired."""
        return self._known.get(token)

    def open(self, run_id: str, draft: HookDraft) -> str | None:
        """Give the hook its token; or tell the run that has the token."""
        holder = self._known.get(draft.token)
        if holder is not None and (holder.run_id, holder.ref) != (run_id, ""):
            return holder.run_id
        self._put(
            HookRecord(
                token=draft.token,
                run_id=run_id,
                ref=draft.ref,
                kind=draft.kind,
                created_at=self._at,
                expires_at=draft.expires_at,
                data=draft.data,
            )
        )
        return None

    def reserve(self, run_id: str, token: str) -> None:
        """Keep a token that nobody has for a run."""
        self._put(HookRecord(token=token, run_id=run_id, ref="", kind="hook", created_at=self._at))

    def dispose(self, run_id: str, refs: Iterable[str]) -> None:
        """Free the tokens of some hooks of a run."""
        for ref in refs:
            self.changes.disposed[run_id, ref] = None
            self._free([hook for hook in self._of(run_id) if hook.ref == ref])

    def empty(self, run_id: str) -> None:
        """Free all tokens of a run, which has ended."""
        self._free(self._of(run_id))

    def deliver(self, hook: HookRecord, key: str | None) -> bool:
        """Note that a hook gets a payload. False if it has got it before."""
        if key is not None:
            if (hook.token, key) in self._keys:
                return False
            self._keys.add((hook.token, key))
            self.changes.keys[hook.token, key] = None
        if hook.token not in self.changes.put:
            self.changes.used[hook.token] = hook
        return True

    def _put(self, hook: HookRecord) -> None:
        if hook.token in self._stored and hook.token not in self._known:
            self._forget(hook.token)
        self._known[hook.token] = self.changes.put[hook.token] = hook

    def _of(self, run_id: str) -> list[HookRecord]:
        return [hook for hook in self._known.values() if hook.run_id == run_id]

    def _free(self, hooks: Iterable[HookRecord]) -> None:
        for hook in hooks:
            del self._known[hook.token]
            self._forget(hook.token)

    def _forget(self, token: str) -> None:
        """The row of the token goes, and the keys with it."""
        changes = self.changes
        changes.freed[token] = self._stored.get(token)
        changes.put.pop(token, None)
        for pair in [pair for pair in self._keys if pair[0] == token]:
            self._keys.discard(pair)
            changes.keys.pop(pair, None)
