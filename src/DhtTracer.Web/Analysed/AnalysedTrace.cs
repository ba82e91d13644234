using System.Collections.Immutable;
using DhtTracer.Analysis;

namespace DhtTracer.Web.Analysed;

/// <summary>What the spans of one trace tell, as pages show it.</summary>
/// <param name="Operations">Operations by start and then by id.</param>
/// <param name="Queries">Queries by start and then by id, with their explanations.</param>
internal sealed record AnalysedTrace(ImmutableArray<Operation> Operations, ImmutableArray<AnalysedQuery> Queries);
