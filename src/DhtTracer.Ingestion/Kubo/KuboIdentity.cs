namespace DhtTracer.Ingestion.Kubo;

/// <summary>The identity of a daemon.</summary>
/// <param name="Id">Its peer id.</param>
/// <param name="Agent">Agent version, such as <c>kubo/0.43.1/</c>; null if unknown.</param>
public sealed record KuboIdentity(string Id, string? Agent)
{
    /// <summary>The version in the agent, such as <c>0.43.1</c>; null if there is none.</summary>
    public string? Version => Agent?.Split('/') is [_, { Length: > 0 } version, ..] ? version : null;
}
