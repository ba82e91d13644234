namespace DhtTracer.Hosting;

/// <summary>A Jaeger to pull from in the background.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Services">Services to pull from it; empty for the services configured for all sources.</param>
internal sealed record PullSource(string Url, IReadOnlyList<string> Services);
