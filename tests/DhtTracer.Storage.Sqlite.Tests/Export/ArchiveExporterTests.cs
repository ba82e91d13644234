using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Contract.Export;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Sqlite.Tests.Export;

public sealed class ArchiveExporterTests : ArchiveExporterContract
{
    /// <inheritdoc/>
    protected override TestArchive NewArchive() => new SqliteArchive();

    [Fact]
    public async Task A_peer_whose_queries_stand_in_two_tables_gives_each_trace_once()
    {
        // Both queries of the trace met the peer; peer_query_recent is emptied into peer_query in between.
        const string peer = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
        ReconstructedTrace Met(IReadOnlyList<Span> spans) =>
            ReconstructedTrace.Of(
                QueriesOf(spans, 2)
                    .Select(query =>
                        query with
                        {
                            Peers =
                            [
                                new QueryPeer
                                {
                                    Id = peer,
                                    State = PeerState.DialFailed,
                                    Dial = new PeerDial(0, 1, false, null),
                                },
                            ],
                        }
                    )
            );
        await using var store = (SqliteTraceStore)await OpenAsync(Met);
        await AddAsync(store, 1, 1);
        await store.WriteAsync(
            session =>
            {
                PeerIndex.MoveWhenMany(session, 0);
                return 0;
            },
            0,
            TestContext.Current.CancellationToken
        );
        await AddAsync(store, 2, 1);

        var page = await store.ListTracesAsync(new QueryFilter { Peer = peer }, 0, 10, TestContext.Current.CancellationToken);

        Assert.Equal([Make.Trace(1), Make.Trace(2)], page.Select(trace => trace.Id));
    }
}
