using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Dapper;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Statistics;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Statistics;

/// <summary>Counts operations per facet, from typed columns.</summary>
internal static class FacetReader
{
    public static OperationFacets Read(SqliteConnection connection, QueryFilter filter, int limit, CancellationToken cancellationToken)
    {
        using var texts = new NumberedStrings(connection, "SELECT value FROM text WHERE no = ?1", NumberedStrings.Text);
        using var peers = new NumberedStrings(connection, "SELECT id FROM peer WHERE no = ?1", PeerTable.Read);
        var (types, services, nodes, sources, alphas, agents) = (
            new Tally(),
            new Tally(),
            new Tally(),
            new Tally(),
            new Tally(),
            new Tally()
        );
        var operations = 0;
        ulong? last = null;
        foreach (var row in FactsReader.Rows<Row>(connection, Row.Columns, filter, limit + 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (operations == limit)
            {
                return Facets(isCut: true);
            }

            operations++;
            last ??= (ulong)row.StartNs;
            types.Add(Words.Of((QueryType)row.Type));
            sources.Add(Words.Of((TraceSource)row.Source));
            services.Add(row.Service is { } service ? texts.Get(service) : null);
            nodes.Add(row.Node is { } node ? peers.Get(node) : null);
            alphas.Add(row.Alpha?.ToString(CultureInfo.InvariantCulture));
            foreach (var agent in PackedTally.Read(row.Tally, (text, count) => new NamedCount(texts.Get(text), count)).Agents)
            {
                agents.Add(agent.Name);
            }
        }

        return Facets(isCut: false);

        OperationFacets Facets(bool isCut) =>
            new()
            {
                Operations = operations,
                LastUnixNano = last,
                IsCut = isCut,
                Types = types.Counts,
                Services = services.Counts,
                Nodes = nodes.Counts,
                Sources = sources.Counts,
                Alphas = alphas.Counts,
                Agents = agents.Counts,
            };
    }

    private sealed class Tally
    {
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public ImmutableArray<NamedCount> Counts =>
            [
                .. _counts
                    .Select(static item => new NamedCount(item.Key, item.Value))
                    .OrderByDescending(static item => item.Count)
                    .ThenBy(static item => item.Name, StringComparer.Ordinal),
            ];

        public void Add(string? name)
        {
            if (name is not null)
            {
                _counts[name] = _counts.GetValueOrDefault(name) + 1;
            }
        }
    }

    private sealed class Row
    {
        public const string Columns = "q.start_ns AS StartNs, q.type, q.source, q.service, q.node, q.alpha, q.tally";

        public long StartNs { get; init; }

        public int Type { get; init; }

        public int Source { get; init; }

        public long? Service { get; init; }

        public long? Node { get; init; }

        public int? Alpha { get; init; }

        public byte[]? Tally { get; init; }
    }
}
