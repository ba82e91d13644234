using Dapper;
using DhtTracer.Storage.Writing;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>The context of writes: a connection while a transaction runs, and what is written at its end.</summary>
internal sealed class WriteSession(NpgsqlDataSource source, StringTables strings, OtherWriters others, string location) : IWriteSession
{
    /// <summary>Numbers taken from a sequence at once.</summary>
    private const int NumbersAtOnce = 64;

    // Processes that add to the same row wait for one another, so each has one of many.
    private readonly int _slot = Random.Shared.Next(64);
    private readonly Dictionary<string, Queue<long>> _numbers = new(StringComparer.Ordinal);
    private readonly HashSet<DateOnly> _days = [];
    private readonly List<DateOnly> _newDays = [];
    private readonly List<Action> _atEnd = [];
    private NpgsqlConnection? _connection;
    private NpgsqlTransaction? _transaction;
    private Totals _totals;

    /// <summary>The connection of the transaction that runs.</summary>
    public NpgsqlConnection Connection => _connection ?? throw new InvalidOperationException("No transaction runs.");

    /// <summary>Counts transactions.</summary>
    public long Transactions { get; private set; }

    /// <summary>The tables of strings.</summary>
    public StringTables Strings => strings;

    /// <summary>The next number of a sequence. Numbers of a transaction that fails are lost.</summary>
    public long NextNumber(string sequence)
    {
        if (!_numbers.TryGetValue(sequence, out var queue))
        {
            _numbers.Add(sequence, queue = new Queue<long>());
        }

        if (queue.Count == 0)
        {
            foreach (
                var number in Connection.Query<long>(
                    "SELECT nextval(@sequence::regclass) FROM generate_series(1, @count)",
                    new { sequence, count = NumbersAtOnce }
                )
            )
            {
                queue.Enqueue(number);
            }
        }

        return queue.Dequeue();
    }

    /// <summary>Makes sure that a day has its partitions.</summary>
    public void EnsureDay(DateOnly day)
    {
        if (_days.Add(day))
        {
            _newDays.Add(day);
            Connection.Execute("SELECT ensure_day(@day)", new { day });
        }
    }

    /// <summary>Forgets which days have partitions, because some were dropped.</summary>
    public void ForgetDays() => _days.Clear();

    /// <summary>Adds to the totals.</summary>
    public void Count(Totals more) => _totals = _totals.Plus(more);

    /// <summary>Runs something just before the commit.</summary>
    public void AtEnd(Action write) => _atEnd.Add(write);

    /// <summary>Runs what waits for the end, for a write that needs to see it.</summary>
    public void Flush()
    {
        foreach (var write in _atEnd)
        {
            write();
        }

        _atEnd.Clear();
    }

    public void Begin()
    {
        Transactions++;
        _connection = source.OpenConnection();
        _transaction = _connection.BeginTransaction();
    }

    public void Commit()
    {
        Flush();
        if (_totals != default)
        {
            Connection.Execute(
                """
                INSERT INTO total AS t (slot, traces, spans, operations, queries, raw_bytes)
                VALUES (@Slot, @Traces, @Spans, @Operations, @Queries, @RawBytes)
                ON CONFLICT (slot) DO UPDATE SET traces = t.traces + excluded.traces, spans = t.spans + excluded.spans,
                  operations = t.operations + excluded.operations, queries = t.queries + excluded.queries,
                  raw_bytes = t.raw_bytes + excluded.raw_bytes
                """,
                new
                {
                    Slot = _slot,
                    _totals.Traces,
                    _totals.Spans,
                    _totals.Operations,
                    _totals.Queries,
                    _totals.RawBytes,
                }
            );
        }

        others.Wrote(Connection);
        _transaction!.Commit();
        _newDays.Clear();
        Release();
    }

    public void Rollback()
    {
        try
        {
            if (_transaction is not null && _connection is { State: System.Data.ConnectionState.Open })
            {
                _transaction.Rollback();
            }
        }
        finally
        {
            _days.ExceptWith(_newDays);
            _newDays.Clear();
            Release();
        }
    }

    public Exception Translate(Exception error) => error is NpgsqlException postgres ? PostgresErrors.From(postgres, location) : error;

    public void Dispose() => Release();

    private void Release()
    {
        _totals = default;
        _atEnd.Clear();
        _transaction?.Dispose();
        _transaction = null;
        _connection?.Dispose();
        _connection = null;
    }
}

/// <summary>Numbers of what is stored.</summary>
internal readonly record struct Totals(long Traces, long Spans, long Operations, long Queries, long RawBytes)
{
    public Totals Plus(Totals other) =>
        new(Traces + other.Traces, Spans + other.Spans, Operations + other.Operations, Queries + other.Queries, RawBytes + other.RawBytes);
}
