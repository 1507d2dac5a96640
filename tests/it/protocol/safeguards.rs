//! What keeps the protocol safe, each of which can be left out.

/// A safeguard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Safeguard {
    /// The fence's transaction waits for the writes that are under way.
    FenceLock,
    /// A fence opens by itself.
    Expiry,
    /// The queue is looked at once the marker has come.
    Marker,
    /// The marker is part of the fence's transaction; without: sent when it begins.
    MarkerInFence,
    /// The marker is that of this fence; without: any.
    MarkerNumber,
    /// The empty queue is seen after the marker; without: before it.
    EmptyAfterMarker,
    /// The drain deletes what it has taken from the queue; without: whatever is there of the key.
    TakenOnly,
    /// Blue is sealed before green becomes the owner.
    Seal,
    /// The seal waits for the writes that are under way, and keeps others out until it is committed.
    SealLock,
    /// The seal wants a fence that has not leaked.
    Leak,
    /// The seal wants a fence that has not expired.
    Deadline,
    /// The seal wants the fence of its orchestrator.
    SealNumber,
    /// The seal proves the epoch on blue.
    SealEpoch,
    /// The fence proves the epoch on blue.
    FenceEpoch,
    /// The fence does not replace a seal.
    FenceNotSealed,
    /// Lifting proves the epoch on blue.
    LiftEpoch,
    /// A new orchestrator mirrors its epoch before it goes on from a seal.
    MirrorAfterSeal,
    /// It looks at the world after it has mirrored its epoch; without: before.
    LookAfterMirror,
    /// Own proves the epoch on green.
    OwnEpoch,
    /// A takeover waits for own, if that is under way.
    TakeoverWaits,
    /// Enabling the subscription proves the epoch on green.
    AttachEpoch,
    /// The subscription is disabled before own.
    Detach,
    /// Its worker is seen to be gone.
    WorkerGone,
    /// An abort opens blue before it enables the subscription; without: after.
    LiftFirst,
    /// An abort takes the lease on green first; without: blue's epoch alone.
    AbortTakesLease,
    /// An abort does nothing where green is the owner.
    AbortLooksAtOwner,
    /// Who may not own any more opens blue, if that is still his to move.
    LiftWhenRefused,
}
