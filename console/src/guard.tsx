/** Where a page breaks, or cannot be fetched, the bar stays and the person is told. */
import { Component, type ReactNode } from 'react';
import { Notice } from './pieces.tsx';

interface GuardProps {
  text: string;
  children: ReactNode;
}

export class Guard extends Component<GuardProps, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return <Notice text={this.props.text} onAgain={() => location.reload()} />;
  }
}
