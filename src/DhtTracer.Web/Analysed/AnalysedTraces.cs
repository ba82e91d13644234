using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Web.Analysed;

/// <summary>
/// The operations and queries of the traces that were looked at last. A page asks for its query again and again (a sort, a row, a search),
/// and the same spans always give the same ones. Each time the database is asked whether the trace has changed, so that nothing old is ever
/// shown.
/// </summary>
/// <param name="store">The archive.</param>
/// <param name="mostPeers">Peers of all kept traces together, at most. The trace looked at last is kept whatever its size.</param>
internal sealed class AnalysedTraces(TraceStore store, int mostPeers)
{
    private const int UsuallyMostPeers = 100_000;

    private readonly Lock _guard = new();
    private readonly LinkedList<Entry> _latest = new();
    private readonly Dictionary<TraceId, LinkedListNode<Entry>> _byId = [];
    private int _peers;

    /// <summary>Uses the default size: about 100,000 peers.</summary>
    public AnalysedTraces(TraceStore store)
        : this(store, UsuallyMostPeers) { }

    /// <summary>The queries of a trace, from the spans stored at this moment; empty when it is not there.</summary>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public async Task<ImmutableArray<AnalysedQuery>> GetAsync(TraceId traceId, CancellationToken cancellationToken) =>
        await GetTraceAsync(traceId, cancellationToken) is { } trace ? trace.Queries : [];

    /// <summary>The operations and queries of a trace, from the spans stored at this moment; null when it is not there.</summary>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public async Task<AnalysedTrace?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken)
    {
        if (await store.GetStateAsync(traceId, cancellationToken) is not { } state)
        {
            Forget(traceId);
            return null;
        }

        if (Find(traceId, state) is { } kept)
        {
            return kept.Trace;
        }

        if (await store.LoadAsync(traceId, cancellationToken) is not { } content)
        {
            Forget(traceId);
            return null;
        }

        var found = store.Reconstruct(content);
        var trace = new AnalysedTrace(found.Operations, [.. found.Queries.Select(query => new AnalysedQuery(query))], found.Streams);
        Keep(new Entry(traceId, content.State, trace, trace.Queries.Sum(query => query.Query.Peers.Length + 1)));
        return trace;
    }

    /// <summary>One query; null when the archive does not have it.</summary>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public async Task<AnalysedQuery?> GetAsync(QueryId id, CancellationToken cancellationToken) =>
        (await GetAsync(id.TraceId, cancellationToken)).FirstOrDefault(query => query.Query.Id == id);

    /// <summary>The operation that a stream of query events was joined with; null when the id is of no such stream, or the stream was
    /// joined with none.</summary>
    /// <param name="id">Permalink of the stream.</param>
    /// <param name="trace">Its trace.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="DatabaseException">The database cannot be read.</exception>
    public async Task<Operation?> MovedToAsync(QueryId id, AnalysedTrace trace, CancellationToken cancellationToken)
    {
        if (trace.Streams.FirstOrDefault(stream => stream.Id == id)?.JoinedTo is not { } joined)
        {
            return null;
        }

        var other = joined.TraceId == id.TraceId ? trace : await GetTraceAsync(joined.TraceId, cancellationToken);
        return other?.Operations.FirstOrDefault(operation => operation.Id == joined);
    }

    private Entry? Find(TraceId traceId, TraceState state)
    {
        lock (_guard)
        {
            if (!_byId.TryGetValue(traceId, out var node) || node.Value.State != state)
            {
                return null;
            }

            _latest.Remove(node);
            _latest.AddFirst(node);
            return node.Value;
        }
    }

    private void Keep(Entry entry)
    {
        lock (_guard)
        {
            Remove(entry.TraceId);
            _byId[entry.TraceId] = _latest.AddFirst(entry);
            _peers += entry.Peers;
            while (_peers > mostPeers && _latest.Last is { } last && last != _latest.First)
            {
                Remove(last.Value.TraceId);
            }
        }
    }

    private void Forget(TraceId traceId)
    {
        lock (_guard)
        {
            Remove(traceId);
        }
    }

    private void Remove(TraceId traceId)
    {
        if (_byId.Remove(traceId, out var node))
        {
            _latest.Remove(node);
            _peers -= node.Value.Peers;
        }
    }

    private sealed record Entry(TraceId TraceId, TraceState State, AnalysedTrace Trace, int Peers);
}
