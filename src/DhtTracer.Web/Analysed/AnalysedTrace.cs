using System.Collections.Immutable;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Web.Analysed;

/// <summary>What the spans of one trace tell, as pages show it.</summary>
/// <param name="Operations">Operations by start and then by id.</param>
/// <param name="Queries">Queries by start and then by id, with their explanations.</param>
/// <param name="Streams">Streams of query events, those included that are joined with an operation.</param>
internal sealed record AnalysedTrace(
    ImmutableArray<Operation> Operations,
    ImmutableArray<AnalysedQuery> Queries,
    ImmutableArray<EventStream> Streams
);
