using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Services;

/// <summary>Records which operations of which services have spans in a trace.</summary>
internal static class ServiceWriter
{
    // Without this limit, a sender that puts ids into span names would make the cache grow forever.
    private const int MaxCachedOperations = 50_000;

    public static void Replace(WriteSession session, long trace, bool isNew, IReadOnlyList<Span> spans)
    {
        if (!isNew)
        {
            session["DELETE FROM trace_operation WHERE trace = ?1"].Bind(1, trace).Run();
        }

        foreach (var (operation, range) in SpanRange.ByOperation(spans))
        {
            session["INSERT INTO trace_operation VALUES (?1, ?2, ?3, ?4, ?5, ?6)"]
                .Bind(1, trace)
                .Bind(2, Number(session, operation))
                .Bind(3, range.FirstStart)
                .Bind(4, range.LastStart)
                .Bind(5, range.MinDuration)
                .Bind(6, range.MaxDuration)
                .Run();
        }
    }

    private static long Number(WriteSession session, (string Service, string Name, int Kind) operation)
    {
        if (session.Operations.TryGetValue(operation, out var number))
        {
            return number;
        }

        if (session.Operations.Count >= MaxCachedOperations)
        {
            session.Operations.Clear();
        }

        var (service, name, kind) = operation;
        number =
            session["SELECT no FROM operation WHERE service = ?1 AND name = ?2 AND kind = ?3"]
                .Bind(1, service)
                .Bind(2, name)
                .Bind(3, kind)
                .RunScalar()
            ?? session["INSERT INTO operation (service, name, kind) VALUES (?1, ?2, ?3) RETURNING no"]
                .Bind(1, service)
                .Bind(2, name)
                .Bind(3, kind)
                .RunScalar()
            ?? throw new InvalidOperationException("INSERT ... RETURNING returned nothing.");
        session.Operations.Add(operation, number);
        return number;
    }
}
