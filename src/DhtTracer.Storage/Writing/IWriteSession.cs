namespace DhtTracer.Storage.Writing;

/// <summary>The context of writes: one transaction after another, all on the writer's thread.</summary>
internal interface IWriteSession : IDisposable
{
    /// <summary>Starts a transaction.</summary>
    void Begin();

    /// <summary>Commits it. What was written is on the disk when this returns.</summary>
    void Commit();

    /// <summary>Takes it back, also when <see cref="Begin"/> or <see cref="Commit"/> failed.</summary>
    void Rollback();

    /// <summary>Turns an error of the database into a <see cref="DatabaseException"/>; others stay as they are.</summary>
    Exception Translate(Exception error);
}
