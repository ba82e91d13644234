namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>Assigns a number to each distinct string of a table, inside the writer's transaction.</summary>
/// <remarks>
/// The cache holds committed rows and rows of the current transaction; a rollback empties it. Rows are never deleted, so the cache stays
/// valid even if another process writes too.
/// </remarks>
internal sealed class Interner(Statement find, Statement insert, Func<Statement, string, Statement> bind) : IDisposable
{
    private const int MaxCached = 200_000;
    private readonly Dictionary<string, long> _cache = new(StringComparer.Ordinal);

    public long Intern(string value)
    {
        if (_cache.TryGetValue(value, out var number))
        {
            return number;
        }

        if (_cache.Count >= MaxCached)
        {
            _cache.Clear();
        }

        number =
            bind(find, value).RunScalar()
            ?? bind(insert, value).RunScalar()
            ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
        _cache.Add(value, number);
        return number;
    }

    public long? InternOrNull(string? value) => value is null ? null : Intern(value);

    public void Forget() => _cache.Clear();

    public void Dispose()
    {
        find.Dispose();
        insert.Dispose();
    }
}
